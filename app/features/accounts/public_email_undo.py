"""`/undo-email`: behind the link to the old address. Looking uses nothing up: mail scanners look too."""

from flask import Response, request
from flask.typing import ResponseReturnValue

from app.features.accounts import email_changes
from app.features.accounts.forms import TokenForm
from app.kernel.access import anyone
from app.kernel.pages import PageRoutes, page, private

routes = PageRoutes("accounts_public_email_undo")

UNDO = "/undo-email"
SPENT = "accounts/public/email_spent.html"


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


def _spent() -> Response:
    return private(page(SPENT, status=410))
