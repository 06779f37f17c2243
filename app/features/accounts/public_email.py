"""`/confirm-email`: behind the link to a new address. Looking uses nothing up: mail scanners look too."""

from flask import Response, make_response, redirect, request
from flask.typing import ResponseReturnValue

from app.features.accounts import email_changes
from app.features.accounts.forms import TokenForm
from app.kernel.access import anyone
from app.kernel.pages import PageRoutes, maybe_principal, page, private, toast

routes = PageRoutes("accounts_public_email")

CONFIRM = "/confirm-email"
SPENT = "accounts/public/email_spent.html"


@routes.get(CONFIRM)
@anyone(limits=("60/minute",))
def new_confirmation() -> ResponseReturnValue:
    """Ask whether this address is to be signed in by."""
    token = request.args.get("token", "")
    found = email_changes.find(token)
    if found is None:
        return _spent()
    form = TokenForm(formdata=None, token=token)
    return private(page("accounts/public/email_confirm.html", form=form, email=found.new_email))


@routes.post(CONFIRM)
@anyone(limits=("30/minute",))
def create_confirmation() -> ResponseReturnValue:
    """The new address holds from now on."""
    form = TokenForm()
    found = email_changes.find(form.token.data or "")
    if found is None:
        return _spent()
    user = email_changes.confirm(found)
    toast("good", f"You sign in by {user.email} from now on.")
    return private(make_response(redirect(_home(user.is_staff), 303)))


def _home(is_staff: bool) -> str:
    who = maybe_principal()
    if who is None:
        return "/admin/sign-in" if is_staff else "/sign-in"
    return "/admin" if who.is_staff else "/client/account"


def _spent() -> Response:
    return private(page(SPENT, status=410))
