"""How a no is said: as a page in the brand, or as a problem for programs. Once for every route."""

import traceback
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, current_app, g, jsonify, make_response, redirect, render_template, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from app.doors.threshold import UnknownHost, close_unit, open_unit
from app.kernel import db, logs
from app.kernel.access import TermsOwed
from app.kernel.api import problem
from app.kernel.errors import Forbidden, Invalid, NotFound, NotSignedIn, Refusal, TooLarge, TooMany, Unavailable

_JSON = "application/json"
CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 408: "timeout", 413: "too_large"}


_HOUSE_WORDS = {kind.text for kind in (Forbidden, NotFound, NotSignedIn, Invalid, TooLarge, TooMany, Unavailable)}
"""What the error page says better in its own words."""


class _Plain(Refusal):
    """A refusal made from an HTTP error that Flask or Werkzeug raised."""

    def __init__(self, status: int) -> None:
        self.status = status
        phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
        super().__init__(phrase, code=CODES.get(status, "error"))


def install(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(Refusal, refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_error_handler(DBAPIError, _database_is_away)
    app.register_error_handler(PoolTimeout, _database_is_away)
    app.register_error_handler(Exception, _break)


def refuse(refusal: Refusal) -> AnyResponse:
    """Answer a refusal in the form of the door that was used."""
    close_unit(commit=False)
    if wants_json():
        response: AnyResponse = jsonify(problem(refusal, g.request_id))
        response.content_type = "application/problem+json"
        response.status_code = refusal.status
        if isinstance(refusal, NotSignedIn):
            response.headers["WWW-Authenticate"] = "ApiKey" if request.headers.get("X-API-Key") else "Session"
    elif isinstance(refusal, NotSignedIn):
        response = _to_sign_in()
    elif isinstance(refusal, TermsOwed):
        response = _to("/client/terms")
    else:
        response = _page(refusal)
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def wants_json() -> bool:
    """Whether the request came to the door for programs, or a script of our own pages asks for nothing but JSON."""
    return request.path.startswith("/api/") or request.path == "/api" or request.headers.get("Accept") == _JSON


def _to_sign_in() -> AnyResponse:
    staff = request.path.startswith("/admin")
    return _to("/admin/sign-in" if staff else "/sign-in")


def _to(address: str) -> AnyResponse:
    """To a page that comes first, and from there to where the person was going."""
    if request.method == "GET" and request.path not in {"/client", "/admin"}:
        query = request.query_string.decode("ascii", "replace")
        address += "?" + urlencode({"next": request.path + (f"?{query}" if query else "")}, safe="/")
    if request.headers.get("HX-Request") == "true":
        response = make_response("", 401)
        response.headers["HX-Redirect"] = address
        return response
    return redirect(address, 303)


def _page(refusal: Refusal) -> Response:
    is_plain = isinstance(refusal, _Plain) or refusal.text in _HOUSE_WORDS
    context: dict[str, Any] = {"text": None if is_plain else refusal.text, "retry_after": refusal.retry_after}
    context["title"] = refusal.heading
    if isinstance(refusal, UnknownHost):
        return _bare("errors/neutral.html", refusal.status, host=g.visitor.host)
    if "tenant" not in g or (isinstance(refusal, Unavailable) and not _can_read()):
        href = current_app.extensions["assets"].address("css/theme.css")
        return _bare("errors/plain.html", refusal.status, theme_href=href, request_id=g.request_id, **context)
    open_unit(write=False)
    return make_response(render_template("errors/error.html", status=refusal.status, **context), refusal.status)


def _bare(template: str, status: int, **context: Any) -> Response:
    """Draw without brand, login or database."""
    return make_response(current_app.jinja_env.get_template(template).render(status=status, **context), status)


def _can_read() -> bool:
    try:
        with db.transaction(write=False) as session:
            session.connection()
    except (OperationalError, InterfaceError, PoolTimeout):
        return False
    return True


def _refuse_http(error: HTTPException) -> AnyResponse:
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()
    refusal = NotFound() if error.code == 404 else _Plain(error.code or 500)
    response = refuse(refusal)
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _database_is_away(error: Exception) -> AnyResponse:
    away = isinstance(error, PoolTimeout | OperationalError | InterfaceError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )
    if not away:
        return _break(error)
    logs.problem("database_away", request_id=g.request_id, error=type(error).__name__)
    return refuse(Unavailable("The database did not answer. Nothing was changed; try again shortly.", retry_after=5))


def _break(error: Exception) -> AnyResponse:
    """A bug: a plain 500 with the request's number, the traceback in the log alone."""
    close_unit(commit=False)
    frames = traceback.format_exception(error)
    logs.problem("unhandled", request_id=g.request_id, error=type(error).__name__, traceback="".join(frames)[-6000:])
    return refuse(_Plain(500))
