"""`/sign-up/confirmation`: behind the link of a sign-up. Choosing a password makes the account and signs in."""

from flask import Response, request
from flask.typing import ResponseReturnValue

from app.features.accounts import service as accounts
from app.features.accounts import sign_up
from app.features.sessions import service
from app.features.sessions.cookies import with_login
from app.features.sessions.forms import SetPasswordForm
from app.kernel import crypto, db
from app.kernel.access import anyone
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, client_address, maybe_principal, page, private, toast, user_agent

routes = PageRoutes("sessions_public_sign_up", prefix="/sign-up/confirmation")

PASSWORD = "sessions/public/sign_up_password.html"


@routes.get("")
@anyone(limits=("60/minute",))
def new() -> ResponseReturnValue:
    """The page behind the link. Looking at it uses nothing up: mail scanners look too."""
    token = request.args.get("token", "")
    found = sign_up.find(token)
    if found is None:
        return _spent()
    return private(page(PASSWORD, form=SetPasswordForm(formdata=None, token=token), email=found.email))


@routes.post("")
@anyone(limits=("30/minute",), hashes=True)
def create() -> ResponseReturnValue:
    """Make the account and sign in. The link is used up."""
    form = SetPasswordForm()
    with db.transaction(write=False):
        found = sign_up.find(form.token.data or "")
    if found is None:
        return _spent()
    if not form.validate_on_submit():
        return private(page(PASSWORD, status=422, form=form, email=found.email))
    try:
        accounts.check_password_rules(form.password.data, user=sign_up.person_of(found))
    except Invalid as refusal:
        form.password.errors = [refusal.text]
        return private(page(PASSWORD, status=422, form=form, email=found.email))
    password_hash = crypto.hash_password(form.password.data)
    _customer, user = sign_up.confirm(found, password_hash)
    _login, token = service.start(user, ip=client_address(), user_agent=user_agent())
    former = maybe_principal()
    if former is not None:
        service.sign_out(former)
    toast("good", "Your account is open. Welcome.")
    return private(with_login("/client", token))


def _spent() -> Response:
    return private(page("sessions/public/sign_up_spent.html", status=410))
