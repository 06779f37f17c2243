"""`/admin/api-keys`: the keys of programs, for staff."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from flask import current_app, redirect, request
from flask.typing import ResponseReturnValue

from app.features.api_keys import activity, service
from app.features.api_keys.forms import SCOPE_WORDS, KeyForm
from app.features.api_keys.models import COLLECTED, ApiActivity, ApiKey
from app.features.tenants import service as tenants
from app.kernel import asked as asking
from app.kernel import words
from app.kernel.access import Role, access_of, requires
from app.kernel.asked import Counted
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, page, principal, toast

routes = PageRoutes("api_keys_admin", prefix="/admin/api-keys")

HERE = "/admin/api-keys"
STATES = (("", "Any"), ("working", "Working"), ("ended", "Ended"))
UNNAMED = "the command line"


@routes.get("")
@requires(staff=Role.ADMIN)
def index() -> ResponseReturnValue:
    """The list of keys."""
    asked = asking.simple(HERE, request.args, states=("working", "ended"))
    found = service.list_keys(text=asked.text, state=asked.values["state"], cursor=asked.cursor or None)
    total = Counted(service.count(text=asked.text, state=asked.values["state"]), is_more=False)
    return page(
        "api_keys/admin/index.html",
        crumbs=[("API keys", None)],
        asked=asked,
        states=STATES,
        total=total.short,
        rows=list(_rows(found.items)),
        foot=asking.foot(asked, found, total, "key"),
    )


def _rows(found: list[tuple[ApiKey, str | None]]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for key, maker in found:
        tone, state = _state(key)
        used = words.ago(key.last_used_at, zone) if key.last_used_at else "never"
        used_exact = words.exact(key.last_used_at, zone) if key.last_used_at else ""
        ends = words.day(key.expires_at, zone) if key.expires_at else "never"
        made = f"{words.day(key.created_at, zone)} by {maker or UNNAMED}"
        href = f"{HERE}/{key.id}"
        yield href, key.name, key.prefix, tone, state, ", ".join(key.scopes), used, used_exact, ends, made


def _state(key: ApiKey) -> tuple[str, str]:
    if key.revoked_at is not None:
        return "done", "Revoked"
    return ("done", "Expired") if key.is_expired else ("good", "Working")


@routes.get("/new")
@requires(staff=Role.ADMIN)
def new() -> ResponseReturnValue:
    """The form for a new key."""
    return page("api_keys/admin/new.html", form=_form(), crumbs=_crumbs("New key"))


def _form() -> KeyForm:
    """The form, offering the scopes that some route of this panel asks for."""
    marks = (access_of(view) for view in current_app.view_functions.values())
    form = KeyForm()
    form.offer({mark.scope for mark in marks if mark is not None and mark.scope is not None})
    return form


def _crumbs(here: str) -> list[tuple[str, str | None]]:
    return [("API keys", HERE), (here, None)]


@routes.post("")
@requires(staff=Role.ADMIN, limits=("10/minute",))
def create() -> ResponseReturnValue:
    """Make a key and show it, this once. No redirect: the key would have to be kept somewhere to survive one."""
    form = _form()
    if not form.validate_on_submit():
        return page("api_keys/admin/new.html", status=422, form=form, crumbs=_crumbs("New key"))
    try:
        key, secret = service.create(
            form.name.data,
            scopes=form.scopes.data,
            expires_in_days=form.days,
            payments=COLLECTED if form.collected.data else "",
        )
    except Invalid as refusal:
        form.name.errors = [*form.name.errors, refusal.text]
        return page("api_keys/admin/new.html", status=422, form=form, crumbs=_crumbs("New key"))
    return page(
        "api_keys/admin/created.html",
        status=201,
        key=key,
        secret=secret,
        href=f"{HERE}/{key.id}",
        crumbs=_crumbs(key.name),
    )


@routes.get("/<uuid:key_id>")
@requires(staff=Role.ADMIN)
def show(key_id: UUID) -> ResponseReturnValue:
    """One key: what it may, how it stands, its calls."""
    key = service.find(principal(), key_id)
    calls = activity.list_calls(key, cursor=request.args.get("cursor"))
    day = activity.last_day(key)
    tone, state = _state(key)
    in_force, said = service.scopes_in_force(key), dict(SCOPE_WORDS)
    return page(
        "api_keys/admin/show.html",
        key=key,
        crumbs=_crumbs(key.name),
        tone=tone,
        state=state,
        facts=_facts(key),
        void=[said[scope] for scope in key.scopes if scope not in in_force] if key.is_usable else [],
        stats=(("Calls in 24 hours", f"{day.calls:,}"), ("Refused", f"{day.refused:,}"),
               ("Limit", f"{key.hourly_limit:,} an hour")),
        calls=list(_calls(calls.items)),
        previous_href=f"?cursor={calls.previous_cursor}" if calls.previous_cursor else None,
        next_href=f"?cursor={calls.next_cursor}" if calls.next_cursor else None,
    )  # fmt: skip


def _facts(key: ApiKey) -> list[tuple[str, str]]:
    zone = tenants.current().time_zone
    said = dict(SCOPE_WORDS)
    facts = [
        ("Begins with", key.prefix),
        ("It may", "; ".join(said[scope] for scope in key.scopes)),
        (
            "Payments",
            "Collected by the site: what it sells is paid" if key.payments else "What it sells waits for payment",
        ),
        ("Made", words.exact(key.created_at, zone)),
        ("Expires", words.exact(key.expires_at, zone) if key.expires_at else "Never"),
        ("Last used", words.exact(key.last_used_at, zone) if key.last_used_at else "Never"),
    ]
    if key.revoked_at is not None:
        facts.append(("Revoked", words.exact(key.revoked_at, zone)))
    return facts


def _calls(found: Sequence[ApiActivity]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    origins = activity.origins(found)
    for call in found:
        origin = origins[call.id] or {"ip": "erased", "user_agent": ""}
        tone = "bad" if call.status >= 500 else "warn" if call.status >= 400 else "good"
        when, exact = words.ago(call.created_at, zone), words.exact(call.created_at, zone)
        took = f"{call.milliseconds:,} ms"
        yield when, exact, call.method, call.route, tone, str(call.status), took, origin["ip"], origin["user_agent"]


@routes.post("/<uuid:key_id>/adoption")
@requires(staff=Role.ADMIN, limits=("30/hour",))
def adopt(key_id: UUID) -> ResponseReturnValue:
    """Answer for a key whose maker has left or lost the right to it."""
    key = service.find(principal(), key_id)
    service.adopt(key)
    toast("good", f"You answer for {key.name} now. It may all that its scopes say.")
    return redirect(f"{HERE}/{key.id}", 303)


@routes.post("/<uuid:key_id>/revocation")
@requires(staff=Role.ADMIN)
def revoke(key_id: UUID) -> ResponseReturnValue:
    """Revoke a key, at once."""
    key = service.find(principal(), key_id)
    service.revoke(key)
    toast("good", f"{key.name} opens nothing any more.")
    return redirect(f"{HERE}/{key.id}", 303)
