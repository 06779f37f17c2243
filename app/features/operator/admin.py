"""`/admin/tenants`: the brands on this installation, for the OWNER of the operator's."""

from collections.abc import Callable, Iterator
from uuid import UUID

from flask import redirect, request
from flask.typing import ResponseReturnValue

from app.features.audit import slots as audit
from app.features.operator import service
from app.features.operator.forms import ClosingForm, HouseForm, NameForm, OwnNameForm, SuspensionForm
from app.features.operator.service import Founder
from app.features.privacy import service as privacy
from app.features.privacy import views
from app.features.privacy.models import TENANT
from app.features.tenants import lifecycle
from app.features.tenants import service as tenants
from app.features.tenants.models import Tenant
from app.kernel import asked as asking
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.asked import Counted
from app.kernel.errors import Invalid, Refusal
from app.kernel.pages import PageRoutes, PanelForm, page, principal, toast

routes = PageRoutes("operator_admin", prefix="/admin/tenants")

HERE = "/admin/tenants"
TONES = {
    "open": ("good", "Open"),
    "suspended": ("warn", "Suspended"),
    "closed": ("bad", "Closed"),
    "erased": ("done", "Closed for good"),
}
STATES = (("", "Any"), *((state, TONES[state][1]) for state in service.STATES))
HAPPENED = {
    "TENANT_CREATED": "Made", "TENANT_UPDATED": "Renamed", "TENANT_SUSPENDED": "Suspended", "TENANT_RESUMED": "Resumed",
    "TENANT_CLOSED": "Closed", "TENANT_REOPENED": "Opened again", "TENANT_ERASED": "People erased",
}  # fmt: skip


@routes.get("")
@requires(staff=Role.OWNER)
def index() -> ResponseReturnValue:
    """All brands."""
    tenants.only_the_operator()
    asked = asking.simple(HERE, request.args, states=service.STATES)
    found = service.listed(text=asked.text, state=asked.values["state"], cursor=asked.cursor or None)
    total = Counted(service.count(text=asked.text, state=asked.values["state"]), is_more=False)
    return page(
        "operator/admin/index.html",
        crumbs=[("Tenants", None)],
        asked=asked,
        states=STATES,
        total=total.short,
        rows=list(_rows(found.items)),
        foot=asking.foot(asked, found, total, "tenant"),
    )


def _rows(found: list[Tenant]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for tenant in found:
        tone, state = TONES[tenant.state]
        whose = "The operator's own" if tenant.is_operator else tenant.slug
        made = words.day(tenant.created_at, zone), words.exact(tenant.created_at, zone)
        yield f"{HERE}/{tenant.id}", tenant.name, whose, tenants.base_url(tenant), tone, state, tenant.currency, *made


@routes.get("/new")
@requires(staff=Role.OWNER)
def new() -> ResponseReturnValue:
    """The form for a new brand."""
    tenants.only_the_operator()
    return _new(HouseForm())


def _new(form: HouseForm, status: int = 200) -> ResponseReturnValue:
    form.offer()
    return page("operator/admin/new.html", status=status, form=form, crumbs=_crumbs("New tenant"))


def _crumbs(here: str) -> list[tuple[str, str | None]]:
    return [("Tenants", HERE), (here, None)]


@routes.post("")
@requires(staff=Role.OWNER, limits=("10/minute",))
def create() -> ResponseReturnValue:
    """Open a house and show its owner's link, this once. No redirect: the link would have to be kept to survive one."""
    tenants.only_the_operator()
    form = HouseForm()
    form.offer()
    if not form.validate_on_submit():
        return _new(form, 422)
    given = form.answers
    owner = Founder(given.pop("email"), given.pop("first_name"), given.pop("last_name"))
    try:
        tenant, user = service.open_house(**given, owner=owner)
        lifecycle.note_made(tenant)
    except Refusal as refusal:
        form.blame(refusal)
        return _new(form, 422)
    return _link(tenant, user.id, f"{tenant.name} is open", 201)


def _link(tenant: Tenant, owner_id: UUID, title: str, status: int = 200) -> ResponseReturnValue:
    user, link = service.owners_link(tenant, owner_id)
    answer = page(
        "operator/admin/link.html",
        status=status,
        title=title,
        link=link,
        owner=user.email,
        address=tenants.base_url(tenant),
        href=f"{HERE}/{tenant.id}",
        crumbs=_crumbs(tenant.name),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@routes.get("/<uuid:tenant_id>")
@requires(staff=Role.OWNER)
def show(tenant_id: UUID) -> ResponseReturnValue:
    """One brand: what is in it, who owns it, and what can be done with it."""
    tenants.only_the_operator()
    tenant = lifecycle.find(tenant_id)
    return _show(tenant, _filled(tenant))


def _filled(tenant: Tenant) -> NameForm:
    """The form with what is set, whatever else was sent."""
    return _form_of(tenant)(formdata=None, obj=tenant)


def _form_of(tenant: Tenant) -> type[NameForm]:
    return OwnNameForm if tenant.is_operator else NameForm


def _show(tenant: Tenant, form: NameForm, status: int = 200, problem: str = "") -> ResponseReturnValue:
    zone = tenants.current().time_zone
    tone, state = TONES[tenant.state]
    inside = service.contents(tenant)
    end = lifecycle.erased_on(tenant)
    return page(
        "operator/admin/show.html",
        status=status,
        crumbs=_crumbs(tenant.name),
        tenant=tenant,
        href=f"{HERE}/{tenant.id}",
        address=tenants.base_url(tenant),
        tone=tone,
        state=state,
        end=words.day(end, zone) if end else "",
        stats=(("Customers", str(inside.customers)), ("Services that run", str(inside.services))),
        facts=_facts(tenant, zone),
        owners=[
            (user.first_name and user.name, user.email, str(user.id), user.disabled_at is None)
            for user in inside.owners
        ],
        log=_log(tenant, zone),
        form=form,
        problem=problem,
    )


def _facts(tenant: Tenant, zone: str) -> list[tuple[str, str]]:
    return [
        ("Short name", tenant.slug),
        ("Legal name", tenant.legal_name or "–"),
        ("Currency", tenant.currency),
        ("Time zone", tenant.time_zone.replace("_", " ")),
        ("Invoice prefix", tenant.number_prefix),
        ("Made", words.exact(tenant.created_at, zone)),
    ]


def _log(tenant: Tenant, zone: str) -> list[dict[str, str]]:
    found = audit.happened_to({"tenant": [tenant.id]}, actions=HAPPENED)
    return [
        {"text": HAPPENED[one.action], "when": words.ago(one.at, zone), "exact": words.exact(one.at, zone)}
        for one in found
    ]


@routes.post("/<uuid:tenant_id>")
@requires(staff=Role.OWNER)
def update(tenant_id: UUID) -> ResponseReturnValue:
    """Another name or host name."""
    tenants.only_the_operator()
    tenant = lifecycle.find(tenant_id)
    form = _form_of(tenant)()
    if not form.validate_on_submit():
        return _show(tenant, form, 422)
    try:
        lifecycle.rename(tenant_id, name=form.name.data, domain=form.domain.data or "")
    except Refusal as refusal:
        form.blame(refusal)
        return _show(tenant, form, 422)
    return _done(tenant_id, "Saved.")


def _done(tenant_id: UUID, text: str) -> ResponseReturnValue:
    toast("good", text)
    return redirect(f"{HERE}/{tenant_id}", 303)


@routes.post("/<uuid:tenant_id>/suspension")
@requires(staff=Role.OWNER)
def create_suspension(tenant_id: UUID) -> ResponseReturnValue:
    """Switch a brand off for now."""
    tenants.only_the_operator()
    tenant, form = lifecycle.find(tenant_id), SuspensionForm()
    refused = _refused(form, lambda: lifecycle.suspend(tenant_id, note=form.note.data or ""))
    if refused:
        return _show(tenant, _filled(tenant), 422, refused)
    return _done(tenant_id, f"{tenant.name} is suspended. Nothing is lost.")


def _refused(form: PanelForm, act: Callable[[], None]) -> str:
    """Do it; what was wrong with the answers, if they were."""
    if form.validate_on_submit():
        try:
            act()
        except Invalid as refusal:
            form.blame(refusal)
    return " ".join(text for texts in form.errors.values() for text in texts)


@routes.post("/<uuid:tenant_id>/resumption")
@requires(staff=Role.OWNER)
def create_resumption(tenant_id: UUID) -> ResponseReturnValue:
    """Switch a brand on again."""
    tenants.only_the_operator()
    lifecycle.resume(tenant_id)
    return _done(tenant_id, "It is open again, with everything in it.")


@routes.post("/<uuid:tenant_id>/closing")
@requires(staff=Role.OWNER)
def create_closing(tenant_id: UUID) -> ResponseReturnValue:
    """Close a brand; its short name is typed to be sure."""
    tenants.only_the_operator()
    tenant, form = lifecycle.find(tenant_id), ClosingForm()
    refused = _refused(form, lambda: lifecycle.close(tenant_id, confirm_name=form.confirm_name.data))
    if refused:
        return _show(tenant, _filled(tenant), 422, refused)
    return _done(tenant_id, f"{tenant.name} is closed.")


@routes.post("/<uuid:tenant_id>/reopening")
@requires(staff=Role.OWNER)
def create_reopening(tenant_id: UUID) -> ResponseReturnValue:
    """Take a closing back."""
    tenants.only_the_operator()
    lifecycle.reopen(tenant_id)
    return _done(tenant_id, "It is there again.")


@routes.post("/<uuid:tenant_id>/copies")
@requires(staff=Role.OWNER, limits=("10/hour",))
def create_copy(tenant_id: UUID) -> ResponseReturnValue:
    """Have everything of a brand copied, to hand over before it is closed for good. It is fetched at Privacy."""
    tenants.only_the_operator()
    privacy.ask_copy(principal(), TENANT, lifecycle.find(tenant_id).id)
    return views.begun("/admin/privacy")


@routes.post("/<uuid:tenant_id>/owners/<uuid:owner_id>/links")
@requires(staff=Role.OWNER, limits=("10/minute",))
def create_link(tenant_id: UUID, owner_id: UUID) -> ResponseReturnValue:
    """Let a lost owner in again: a fresh link, shown this once."""
    tenants.only_the_operator()
    return _link(lifecycle.find(tenant_id), owner_id, "A new link", 201)
