"""A lost password: asking for a link. The answer is the same whoever asks, for whatever address."""

from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.accounts import requests
from app.features.accounts.forms import ResetForm
from app.kernel.access import anyone
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, page, visitor

routes = PageRoutes("accounts_public")

ASK = "accounts/public/reset.html"
SENT = "accounts/public/reset_sent.html"


@routes.get("/reset-password")
@anyone()
def new_reset() -> ResponseReturnValue:
    """Ask for a link, as a customer's person."""
    return page(ASK, form=ResetForm(), is_staff=False)


@routes.post("/reset-password")
@anyone(limits=("20/minute",))
def create_reset() -> ResponseReturnValue:
    """Note the wish; the worker finds out whether anybody is meant."""
    return _ask(is_staff=False)


@routes.get("/reset-password/sent")
@anyone()
def show_reset() -> ResponseReturnValue:
    """What happens next."""
    return page(SENT, is_staff=False)


@routes.get("/admin/reset-password")
@anyone()
def new_staff_reset() -> ResponseReturnValue:
    """Ask for a link, as staff."""
    return page(ASK, form=ResetForm(), is_staff=True)


@routes.post("/admin/reset-password")
@anyone(limits=("20/minute",))
def create_staff_reset() -> ResponseReturnValue:
    """Note the wish of somebody who works here."""
    return _ask(is_staff=True)


@routes.get("/admin/reset-password/sent")
@anyone()
def show_staff_reset() -> ResponseReturnValue:
    """What happens next."""
    return page(SENT, is_staff=True)


def _ask(*, is_staff: bool) -> ResponseReturnValue:
    form = ResetForm()
    if not form.validate_on_submit():
        return page(ASK, status=422, form=form, is_staff=is_staff)
    try:
        requests.request_password_link(form.email.data, is_staff=is_staff, network=visitor().network)
    except Invalid as refusal:
        form.email.errors = [refusal.text]
        return page(ASK, status=422, form=form, is_staff=is_staff)
    return redirect(f"{'/admin' if is_staff else ''}/reset-password/sent", 303)
