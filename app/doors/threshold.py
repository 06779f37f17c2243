"""Every request crosses here: whose house, who asks, may they, one unit of work, and the way out."""

import re
import secrets
import time
from contextlib import ExitStack
from typing import Any

from flask import Flask, Response, g, request
from flask_login import LoginManager, UserMixin

from app.config import Settings
from app.doors import headers
from app.doors.notes import Notes
from app.features.api_keys import service as api_keys
from app.features.sessions import impersonation
from app.features.sessions import service as sessions
from app.features.tenants import service as tenants
from app.features.tenants.models import Tenant
from app.kernel import aftermath, csrf, db, limits, money, tenancy, visitor
from app.kernel.access import Access, Actor, Impersonating, Principal, access_of, acting
from app.kernel.errors import Forbidden, NotFound, Refusal, TooLarge, Unavailable
from app.kernel.pages import client_address, csrf_secret, maybe_principal, user_agent

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PUBLIC_WRITES = ("60/minute",)
"""What an address may write where the route sets no limit of its own and nobody is signed in."""
MOST_FIELDS = 1000
"""Fields of one form; as many as `MAX_FORM_PARTS` allows where files are sent."""
NOWHERE = Access("public")
"""An address without a route: its 404 or 405 is drawn for whoever asks."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class UnknownHost(NotFound):
    """The Host header names no tenant: a neutral page, never a brand."""

    code = "unknown_host"


class TenantSuspended(Unavailable):
    """The brand is switched off for now; nothing is lost."""

    code, heading, text = "tenant_suspended", "This portal is paused", "Nothing is lost. Please come back later."


class TenantClosed(Refusal):
    """The brand is gone for good, or for as long as nobody opens it again: 410."""

    status, code, heading = 410, "tenant_closed", "This portal has closed"
    text = "It is not there any more. Whoever ran it can tell you more."


class Person(UserMixin):  # type: ignore[misc]  # Flask-Login is untyped
    """The principal as Flask-Login's `current_user` shows it."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal

    def get_id(self) -> str:
        return str(self.principal.user_id)


def install(app: Flask, settings: Settings) -> None:
    """Put the threshold under every route of `app`."""
    app.session_interface = Notes()
    manager = LoginManager(app, add_context_processor=False)
    manager.session_protection = None
    manager.request_loader(lambda _request: Person(who) if (who := maybe_principal()) and who.user_id else None)
    app.before_request(lambda: _enter(app, settings))
    app.after_request(lambda response: _leave(response, settings))
    app.teardown_request(lambda _problem: _clean_up())


def check_marks(app: Flask) -> None:
    """Refuse to open a house in which a route does not say who may come in.

    Raises:
        RuntimeError: a route bears no mark of `kernel/access.py`.
    """
    bare = [rule.rule for rule in app.url_map.iter_rules() if access_of(app.view_functions[rule.endpoint]) is None]
    if bare:
        raise RuntimeError(f"these routes do not say who may come in: {', '.join(bare)}")


def _enter(app: Flask, settings: Settings) -> None:
    environ = request.environ
    g.started = time.perf_counter()
    given = environ.get("HTTP_X_REQUEST_ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(12)
    g.visitor = visitor.read(environ, settings.trusted_proxies)
    g.rooms = ExitStack()
    g.rooms.enter_context(acting(_actor(None)))
    limits.forget_tightest()
    aftermath.collect()
    mark = _mark(app)
    if mark is not None and mark.kind == "platform":
        return
    _enter_house(mark or NOWHERE)
    _recognise(mark or NOWHERE, settings)
    if mark is None:
        return
    _count(mark)
    mark.admit(maybe_principal())
    if mark.largest is not None:
        request.max_content_length = mark.largest
    _refuse_forgery(mark)
    if request.method not in SAFE:
        _refuse_impersonator(mark)
    if "unit" not in g:
        open_unit(write=request.method not in SAFE)


def _actor(who: Principal | None) -> Actor:
    where = client_address(), user_agent(), g.request_id
    if who is None:
        return Actor(None, None, "system", *where)
    return Actor(who.user_id, who.key_id, who.name, *where, who.impersonator_id, who.impersonator_name)


def _mark(app: Flask) -> Access | None:
    endpoint = request.endpoint
    if endpoint is None:
        return None  # no such route: Flask raises the 404 or 405 itself
    return access_of(app.view_functions[endpoint])


def _enter_house(mark: Access) -> None:
    host = g.visitor.host
    tenant = tenants.find_by_host(host) if host else None  # a malformed name is nobody's
    if tenant is None:
        raise UnknownHost()
    g.tenant = tenant
    money.speak(tenant.locale)
    g.rooms.enter_context(tenancy.as_tenant(tenant.id))
    if not mark.always:
        _refuse_closed(tenant)


def _refuse_closed(tenant: Tenant) -> None:
    if tenant.is_closed:
        raise TenantClosed()
    if tenant.is_suspended:
        raise TenantSuspended(f"{TenantSuspended.text} {tenant.suspension_note}".rstrip())


def _recognise(mark: Access, settings: Settings) -> None:
    """Find out who asks. A reading request keeps the unit of work that this opens."""
    g.principal = None
    if mark.kind == "key":
        key = request.headers.get("X-API-Key")
        if key and request.method in SAFE:
            open_unit(write=False)
        g.principal = _admit_key(key) if key else None
    elif mark.kind != "signed":
        token = request.cookies.get(sessions.cookie_name(settings.is_https))
        if token:
            open_unit(write=False)
            g.principal = sessions.resolve(token, is_use=request.environ.get("HTTP_HX_REQUEST") != "true")
            if request.method not in SAFE:
                close_unit(commit=False)
    who = g.principal
    if who is not None:
        g.rooms.enter_context(acting(_actor(who)))
    else:
        _read_visit(settings)


def _admit_key(key: str) -> Principal | None:
    who = api_keys.resolve(key)
    if who is None:
        return None
    if who.tenant_id != g.tenant.id:
        if not g.tenant.is_operator:
            return None  # a key works on its own tenant's host and on the platform's
        g.rooms.enter_context(tenancy.as_tenant(who.tenant_id))
        with db.transaction(write=False):
            g.tenant = tenants.current()
        _refuse_closed(g.tenant)
    return who


def visit_cookie(settings: Settings) -> str:
    """The name of the cookie that forms of people who are not signed in are bound to."""
    return "__Host-mpanel-visit" if settings.is_https else "mpanel-visit"


def _read_visit(settings: Settings) -> None:
    text = request.cookies.get(visit_cookie(settings), "")
    if re.fullmatch(r"[0-9a-f]{64}", text):
        g.visit = bytes.fromhex(text)


def _count(mark: Access) -> None:
    who = maybe_principal()
    if who is not None and who.key_id is not None:
        limits.hit(f"{who.hourly_limit}/hour", "key", str(who.key_id))
    rules = mark.limits
    if not rules and who is None and request.method not in SAFE:
        rules = PUBLIC_WRITES
    if not rules:
        return
    counted = g.visitor.network if who is None else str(who.key_id or who.user_id)
    for rule in rules:
        limits.hit(rule, str(request.endpoint), counted)


def _refuse_forgery(mark: Access) -> None:
    """A browser's own cookie is only believed on a write that bears the form's token."""
    if request.method in SAFE or mark.kind in {"key", "signed"}:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in {None, "same-origin", "none"}:
        raise Forbidden("That came from another site.", code="foreign_origin")
    own_page_without_referrer = origin == "null" and site == "same-origin"
    if origin is not None and not _is_own(origin) and not own_page_without_referrer:
        raise Forbidden("That came from another site.", code="foreign_origin")
    _refuse_flood()
    token = request.headers.get(csrf.TOKEN_HEADER) or request.form.get(csrf.TOKEN_FIELD)
    if not csrf.is_valid(csrf_secret(), token):
        raise Forbidden("This form was made for another visit. Go back, reload and send it again.", code="csrf")


def _refuse_impersonator(mark: Access) -> None:
    """What is the person's own to do is not done in their place; that somebody tried is logged."""
    try:
        mark.admit_write(maybe_principal())
    except Impersonating:
        impersonation.note_refusal(str(request.url_rule), request.method)
        raise


def _refuse_flood() -> None:
    """Reading a million fields takes a second of one core, for somebody who is not known yet."""
    if request.mimetype == "application/x-www-form-urlencoded" and request.get_data().count(b"&") >= MOST_FIELDS:
        raise TooLarge("This form has too many fields.")


def _is_own(origin: str) -> bool:
    found = re.fullmatch(r"https?://([^/]+)", origin)
    return found is not None and found[1].lower() == request.host.lower()


def open_unit(*, write: bool) -> None:
    """Open the request's unit of work."""
    g.unit = db.begin(write=write)


def close_unit(*, commit: bool) -> None:
    """End the request's unit of work, if one is open."""
    unit = g.pop("unit", None)
    if unit is not None:
        db.end(unit, commit=commit)


def _leave(response: Response, settings: Settings) -> Response:
    close_unit(commit=response.status_code < 400)
    for write in aftermath.take():
        with db.transaction():
            write()
    if g.pop("visit_is_new", False):
        _set_visit(response, settings)
    headers.add(response, settings, g.request_id)
    _note(response)
    return response


def _set_visit(response: Response, settings: Settings) -> None:
    response.set_cookie(
        visit_cookie(settings), g.visit.hex(), secure=settings.is_https, httponly=True, samesite="Lax", path="/"
    )


def _note(response: Response) -> None:
    who: Principal | None = maybe_principal()
    milliseconds = (time.perf_counter() - g.started) * 1000
    tenant = g.get("tenant")
    if tenant is not None and ((who is not None and who.key_id is not None) or request.path.startswith("/api/")):
        api_keys.note_use(
            tenant_id=who.tenant_id if who is not None else tenant.id,
            key_id=who.key_id if who is not None else None,
            user_id=who.user_id if who is not None else None,
            method=request.method,
            route=str(request.url_rule or ""),
            status=response.status_code,
            milliseconds=milliseconds,
            address=client_address(),
            user_agent=user_agent(),
            request_id=g.request_id,
        )
    outcome: dict[str, Any] = {"status": response.status_code, "ms": round(milliseconds, 1)}
    headers.log_request(outcome, who)


def _clean_up() -> None:
    """The thread's next request inherits neither tenant nor actor, even when the database broke meanwhile."""
    with g.pop("rooms", None) or ExitStack():
        close_unit(commit=False)
