"""`/admin/settings`: who the seller is, money and region, gateways, for staff."""

from typing import Any

from flask import Response, redirect
from flask.typing import ResponseReturnValue

from app.features.tenants import service
from app.features.tenants.forms import CompanyForm, GatewaysForm, LogsForm, RegionForm
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, PanelForm, page, toast

routes = PageRoutes("tenants_admin", prefix="/admin/settings")

HERE = "/admin/settings"
CALLBACK = "/api/v1/billing/webhooks/generic"
"""Where payment services report to (SPEC 2.5)."""


@routes.get("")
@requires(staff=Role.ADMIN)
def company() -> ResponseReturnValue:
    """The company's form."""
    return _company(CompanyForm(obj=service.current()))


def _company(form: CompanyForm, status: int = 200) -> Response:
    return page(
        "tenants/admin/company.html",
        status=status,
        form=form,
        crumbs=_crumbs("Company"),
        tabs=service.settings_tabs(HERE),
    )


def _crumbs(here: str) -> list[tuple[str, str | None]]:
    return [("Settings", HERE), (here, None)]


@routes.post("")
@requires(staff=Role.ADMIN)
def update_company() -> ResponseReturnValue:
    """Say who the seller is; invoices that are issued keep what they say."""
    form = CompanyForm()
    return _saved(HERE) if _save(form) else _company(form, 422)


def _save(form: PanelForm) -> bool:
    """Whether the answers were taken; else the form says why not."""
    if not form.validate_on_submit():
        return False
    try:
        service.change(**form.answers)
    except Invalid as refusal:
        form.blame(refusal)
        return False
    return True


def _saved(href: str) -> ResponseReturnValue:
    toast("good", "Saved.")
    return redirect(href, 303)


@routes.get("/region")
@requires(staff=Role.ADMIN)
def region() -> ResponseReturnValue:
    """The form for money, time and numbers."""
    return _region(RegionForm(obj=service.current()))


def _region(form: RegionForm, status: int = 200) -> Response:
    _offer(form)
    tabs = service.settings_tabs(f"{HERE}/region")
    return page("tenants/admin/region.html", status=status, form=form, crumbs=_crumbs("Money and region"), tabs=tabs)


def _offer(form: RegionForm) -> None:
    tenant = service.current()
    form.offer(tenant.currency, tenant.time_zone, tenant.locale)


@routes.post("/region")
@requires(staff=Role.ADMIN)
def update_region() -> ResponseReturnValue:
    """Change money, time and numbers, for what comes."""
    form = RegionForm()
    _offer(form)
    return _saved(f"{HERE}/region") if _save(form) else _region(form, 422)


@routes.get("/logs")
@requires(staff=Role.ADMIN)
def logs() -> ResponseReturnValue:
    """How long the logs are kept."""
    return _logs(LogsForm(obj=service.current()))


def _logs(form: LogsForm, status: int = 200) -> Response:
    tabs = service.settings_tabs(f"{HERE}/logs")
    return page("tenants/admin/logs.html", status=status, form=form, crumbs=_crumbs("Logs"), tabs=tabs)


@routes.post("/logs")
@requires(staff=Role.ADMIN)
def update_logs() -> ResponseReturnValue:
    """Say how long the logs are kept, from the next night on."""
    form = LogsForm()
    return _saved(f"{HERE}/logs") if _save(form) else _logs(form, 422)


@routes.get("/gateways")
@requires(staff=Role.ADMIN)
def gateways() -> ResponseReturnValue:
    """How customers can pay, and the callback of payment services."""
    return _gateways(GatewaysForm(obj=service.current()))


def _gateways(form: GatewaysForm, status: int = 200) -> Response:
    return page(
        "tenants/admin/gateways.html",
        status=status,
        form=form,
        crumbs=_crumbs("Gateways"),
        tabs=service.settings_tabs(f"{HERE}/gateways"),
        **_callback(),
    )


def _callback() -> dict[str, Any]:
    tenant = service.current()
    made = tenant.callback_secret_at
    return {
        "callback_url": service.base_url(tenant) + CALLBACK,
        "secret_made": f"Made {words.day(made, tenant.time_zone)}" if made else "None yet",
    }


@routes.post("/gateways")
@requires(staff=Role.ADMIN)
def update_gateways() -> ResponseReturnValue:
    """Switch gateways on and off."""
    form = GatewaysForm()
    return _saved(f"{HERE}/gateways") if _save(form) else _gateways(form, 422)


@routes.post("/callback-secret")
@requires(staff=Role.ADMIN, limits=("10/minute",))
def create_callback_secret() -> ResponseReturnValue:
    """Make a new secret and show it, this once. No redirect: it would have to be kept somewhere to survive one."""
    secret = service.rotate_callback_secret()
    answer = page(
        "tenants/admin/secret.html",
        status=201,
        secret=secret,
        crumbs=[("Settings", HERE), ("Gateways", f"{HERE}/gateways"), ("New secret", None)],
        **_callback(),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
