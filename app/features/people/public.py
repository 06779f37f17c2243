"""`/invitation`: the page behind an invitation's link. Looking at it uses nothing up: mail scanners look too."""

from flask import Response, request
from flask.typing import ResponseReturnValue

from app.features.accounts import passwords, profile
from app.features.accounts.models import User
from app.features.people import roles, service
from app.features.people.forms import AcceptForm
from app.features.people.service import AddressTaken, InvitationOver, Opened
from app.features.sessions import service as sessions
from app.features.sessions.cookies import with_login
from app.kernel import crypto, db
from app.kernel.access import anyone
from app.kernel.errors import Invalid
from app.kernel.pages import PageRoutes, client_address, maybe_principal, page, private, toast, user_agent

routes = PageRoutes("people_public", prefix="/invitation")

SHOW = "people/public/invitation.html"
OVER = "people/public/over.html"


@routes.get("")
@anyone(limits=("60/minute",))
def show() -> ResponseReturnValue:
    """Who asks, to what, and what is needed for it."""
    token = request.args.get("token", "")
    opened = service.open_by(token)
    return _over() if opened is None else _drawn(opened, AcceptForm(formdata=None, token=token))


@routes.post("")
@anyone(limits=("30/minute",), hashes=True)
def accept() -> ResponseReturnValue:
    """Come in: make the person, use the link up, sign in."""
    form = AcceptForm()
    token = form.token.data or ""
    with db.transaction(write=False):
        opened = service.open_by(token)
    if opened is None:
        return _over()
    if not form.validate_on_submit():
        return _drawn(opened, form, status=422)
    try:
        names = profile.checked_names(first_name=form.first_name.data, last_name=form.last_name.data or "")
        passwords.check_password_rules(form.password.data, user=_as_person(opened, names))
    except Invalid as refusal:
        form.blame(refusal)
        return _drawn(opened, form, status=422)
    password_hash = crypto.hash_password(form.password.data)
    try:
        user, _login, browser_token = service.accept(
            token, **names, password_hash=password_hash, ip=client_address(), user_agent=user_agent()
        )
    except InvitationOver:
        return _over()
    except AddressTaken as refusal:
        return _over(status=refusal.status, is_taken=True, is_staff=opened.invitation.customer_id is None)
    _end_former()
    toast("good", f"Welcome, {user.first_name}. You are signed in.")
    return private(with_login("/admin" if user.is_staff else "/client", browser_token))


def _as_person(opened: Opened, names: dict[str, str]) -> User:
    """Who it would be: a password is measured against their name and address."""
    return User(email=opened.invitation.email, email_key=opened.invitation.email_key, **names)


def _end_former() -> None:
    """What this browser was signed in as before ends."""
    who = maybe_principal()
    if who is not None:
        sessions.sign_out(who)


def _drawn(opened: Opened, form: AcceptForm, *, status: int = 200) -> Response:
    invitation = opened.invitation
    return private(
        page(
            SHOW,
            status=status,
            form=form,
            email=invitation.email,
            inviter=opened.inviter,
            account=opened.customer,
            role=roles.label(invitation.granted),
            role_words=roles.words(invitation.customer_id)[invitation.granted],
        )
    )


def _over(*, status: int = InvitationOver.status, is_taken: bool = False, is_staff: bool = False) -> Response:
    return private(page(OVER, status=status, is_taken=is_taken, is_staff=is_staff))
