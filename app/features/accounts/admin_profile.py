"""`/admin/profile`: what somebody on the staff is called, and the address they sign in by."""

from flask import Response
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.accounts import email_pages, profile
from app.features.accounts.forms import NameForm
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, page, toast

HERE = "/admin/profile"
EMAIL = "accounts/admin/email.html"

routes = PageRoutes("accounts_admin_profile", prefix=HERE)


@routes.get("")
@requires(staff=Role.VIEWER)
def index() -> Response:
    """The person's own name and address."""
    return _drawn(NameForm(formdata=None, obj=email_pages.me()))


@routes.post("")
@requires(staff=Role.VIEWER, limits=("60/hour",))
def update() -> ResponseReturnValue:
    """Change what one is called."""
    form = NameForm()
    if form.validate_on_submit():
        try:
            profile.rename(email_pages.me(), **form.answers)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", "Saved.")
            return redirect(HERE, 303)
    return _drawn(form, status=422)


@routes.get("/email")
@requires(staff=Role.VIEWER)
def new_email() -> Response:
    """Which address, and what is asked for already."""
    return email_pages.asked(EMAIL)


@routes.post("/email")
@requires(staff=Role.VIEWER, limits=("10/hour",), hashes=True)
def create_email() -> ResponseReturnValue:
    """Ask the new address; nothing changes until it confirms."""
    return email_pages.ask(EMAIL, home=f"{HERE}/email")


def _drawn(form: NameForm, *, status: int = 200) -> Response:
    return page(
        "accounts/admin/profile.html",
        status=status,
        form=form,
        own_email=email_pages.me().email,
        crumbs=[("Your profile", None)],
    )
