"""`/admin/settings/sign-up`: whether anybody can open an account, and the terms that they accept."""

from flask import Response
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.accounts import agreements
from app.features.accounts.forms import SignUpSettingsForm, TermsForm
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, page, principal, toast

HERE = "/admin/settings/sign-up"

routes = PageRoutes("accounts_admin_sign_up", prefix=HERE)


@routes.get("")
@requires(staff=Role.ADMIN)
def index() -> Response:
    """The switch, the terms that hold, and what held before."""
    return _drawn(_switch(), TermsForm(formdata=None))


@routes.post("")
@requires(staff=Role.ADMIN, limits=("60/hour",))
def update() -> ResponseReturnValue:
    """Open or close the sign-up."""
    form = SignUpSettingsForm()
    if not form.validate_on_submit():
        return _drawn(form, TermsForm(formdata=None), status=422)
    tenants.change(sign_up_open=form.sign_up_open.data)
    toast("good", "Anybody can open an account." if form.sign_up_open.data else "Only your staff open accounts now.")
    return redirect(HERE, 303)


@routes.post("/terms")
@requires(staff=Role.ADMIN, limits=("60/hour",))
def create_terms() -> ResponseReturnValue:
    """Publish a version. Customers are asked when they next sign in."""
    form = TermsForm()
    if form.validate_on_submit():
        try:
            agreements.publish(
                form.version.data, text=form.text.data or "", url=form.url.data or "", user_id=principal().user_id
            )
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", f"Version {form.version.data} holds from now on.")
            return redirect(HERE, 303)
    return _drawn(_switch(), form, status=422)


@routes.post("/terms/withdrawal")
@requires(staff=Role.ADMIN, limits=("60/hour",))
def create_withdrawal() -> ResponseReturnValue:
    """Ask nobody for terms any more."""
    agreements.withdraw()
    toast("good", "Nobody is asked for terms any more. What was accepted is kept.")
    return redirect(HERE, 303)


def _switch() -> SignUpSettingsForm:
    return SignUpSettingsForm(formdata=None, sign_up_open=tenants.current().sign_up_open)


def _drawn(form: SignUpSettingsForm, terms_form: TermsForm, *, status: int = 200) -> Response:
    tenant = tenants.current()
    zone = tenant.time_zone
    rows = [
        (row.version, words.day(row.created_at, zone), words.exact(row.created_at, zone), row.version == holds, row.url)
        for holds in [tenant.terms_version]
        for row in agreements.versions()
    ]
    return page(
        "accounts/admin/sign_up.html",
        status=status,
        form=form,
        terms_form=terms_form,
        holds=tenant.terms_version,
        rows=rows,
        address=f"{tenants.base_url(tenant)}/sign-up",
        is_open=tenant.sign_up_open,
        tabs=tenants.settings_tabs(HERE),
        crumbs=[("Settings", "/admin/settings"), ("Sign-up and terms", None)],
    )
