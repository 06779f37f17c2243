"""`/confirm-email`, `/undo-email`: behind the links about another address. Looking uses nothing up: scanners look."""

from flask import Response, make_response, redirect, request
from flask.typing import ResponseReturnValue

from app.features.accounts import email_changes
from app.features.accounts.forms import TokenForm
from app.kernel.access import anyone
from app.kernel.pages import PageRoutes, maybe_principal, page, private, toast

routes = PageRoutes("accounts_public_email")

CONFIRM, UNDO = "/confirm-email", "/undo-email"
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


@routes.get(UNDO)
@anyone(limits=("60/minute",))
def new_undoing() -> ResponseReturnValue:
    """Ask whether the change is to be taken back."""
    token = request.args.get("token", "")
    found = email_changes.find_undo(token)
    if found is None:
        return _spent()
    form = TokenForm(formdata=None, token=token)
    change = found[1]
    return private(
        page("accounts/public/email_undo.html", form=form, email=change.old_email, is_made=change.used_at is not None)
    )


@routes.post(UNDO)
@anyone(limits=("30/minute",))
def create_undoing() -> ResponseReturnValue:
    """The old address holds; every device is signed out."""
    form = TokenForm()
    found = email_changes.find_undo(form.token.data or "")
    if found is None:
        return _spent()
    user = email_changes.undo(found[0])
    return private(page("accounts/public/email_undone.html", email=user.email))


def _home(is_staff: bool) -> str:
    who = maybe_principal()
    if who is None:
        return "/admin/sign-in" if is_staff else "/sign-in"
    return "/admin" if who.is_staff else "/client/account"


def _spent() -> Response:
    return private(page(SPENT, status=410))
