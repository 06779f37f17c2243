"""How a no is said: as a page in the brand, or as a problem for programs. Once for every route."""

import traceback
from urllib.parse import urlencode

from flask import Flask, Response, g, jsonify, make_response, redirect, render_template, request
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from app.doors.threshold import UnknownHost, close_unit, open_unit
from app.kernel import db, logs
from app.kernel.api import problem
from app.kernel.errors import NotFound, NotSignedIn, Refusal, Unavailable

TITLES = {
    400: "That request made no sense to us",
    401: "Sign in first",
    403: "That is not yours to open",
    404: "There is nothing at this address",
    405: "That cannot be done here",
    408: "That took too long to arrive",
    409: "That clashes with what is already there",
    413: "That is larger than we accept",
    415: "We cannot read that kind of content",
    422: "Some of it needs another look",
    429: "Too many tries",
    500: "Something broke on our side",
    503: "We cannot do that right now",
}
TEXTS = {
    404: "The page may have moved, or it belongs to another account.",
    405: "The address is right, but not for this kind of request.",
    413: "The limit is 1 MB.",
    500: "It is our fault and it has been written down. Try again; if it stays, tell us the request number below.",
}
CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 408: "timeout", 413: "too_large"}


class _Plain(Refusal):
    """A refusal made from an HTTP error that Flask or Werkzeug raised."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(TEXTS.get(status, TITLES.get(status, "That did not work.")), code=CODES.get(status, "error"))


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
    else:
        response = _page(refusal)
    if refusal.retry_after is not None:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


def wants_json() -> bool:
    """Whether the request came to the door for programs."""
    return request.path.startswith("/api/") or request.path == "/api"


def _to_sign_in() -> AnyResponse:
    staff = request.path.startswith("/admin")
    address = "/admin/sign-in" if staff else "/sign-in"
    if request.method == "GET" and request.path not in {"/client", "/admin"}:
        query = request.query_string.decode("ascii", "replace")
        address += "?" + urlencode({"next": request.path + (f"?{query}" if query else "")}, safe="/")
    if request.headers.get("HX-Request") == "true":
        response = make_response("", 401)
        response.headers["HX-Redirect"] = address
        return response
    return redirect(address, 303)


def _page(refusal: Refusal) -> Response:
    title = TITLES.get(refusal.status, "That did not work")
    text = TEXTS.get(refusal.status, refusal.text) if refusal.text == type(refusal).text else refusal.text
    context = {"status": refusal.status, "title": title, "text": text, "retry_after": refusal.retry_after}
    if isinstance(refusal, UnknownHost):
        return make_response(render_template("errors/neutral.html", host=g.visitor.host, **context), refusal.status)
    if "tenant" not in g or isinstance(refusal, Unavailable) and not _can_read():
        return make_response(render_template("errors/plain.html", **context), refusal.status)
    open_unit(write=False)
    return make_response(render_template("errors/error.html", **context), refusal.status)


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
