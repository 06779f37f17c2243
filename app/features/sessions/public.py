"""Signing in and out, and setting a password by link.

Customers' people and staff have a door each; behind both stands the same
check, and nobody crosses over.
"""

from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.accounts import service as accounts
from app.features.sessions import service
from app.features.sessions.cookies import with_login, without_login
from app.features.sessions.forms import SetPasswordForm, SignInForm
from app.features.sessions.signing import SignInFailed, sign_in
from app.features.tenants import service as tenants
from app.kernel import crypto, db
from app.kernel.access import anyone
from app.kernel.errors import Invalid, TooMany
from app.kernel.pages import (
    PageRoutes,
    client_address,
    maybe_principal,
    own_path,
    page,
    private,
    toast,
    user_agent,
    visitor,
)

routes = PageRoutes("sessions_public")

SIGN_IN = "sessions/public/sign_in.html"
SET_PASSWORD = "sessions/public/set_password.html"
LINK_SPENT = "sessions/public/link_spent.html"


@routes.get("/sign-in")
@anyone()
def new() -> ResponseReturnValue:
    """The door for customers' people."""
    return _show(is_staff=False)


@routes.post("/sign-in")
@anyone(hashes=True)
def create() -> ResponseReturnValue:
    """Sign a customer's person in."""
    return _sign_in(is_staff=False)


@routes.get("/admin/sign-in")
@anyone()
def new_staff() -> ResponseReturnValue:
    """The door for staff."""
    return _show(is_staff=True)


@routes.post("/admin/sign-in")
@anyone(hashes=True)
def create_staff() -> ResponseReturnValue:
    """Sign staff in."""
    return _sign_in(is_staff=True)


def _show(*, is_staff: bool) -> ResponseReturnValue:
    who = maybe_principal()
    if who is not None:
        return redirect(_target(request.args.get("next"), is_staff=who.is_staff), 303)
    return _sign_in_page(form=SignInForm(next=request.args.get("next", "")), is_staff=is_staff)


def _sign_in(*, is_staff: bool) -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate_on_submit():
        return _sign_in_page(status=422, form=form, is_staff=is_staff)
    try:
        _login, token = sign_in(
            form.email.data, form.password.data, where=visitor(), user_agent=user_agent(), is_staff=is_staff
        )
    except SignInFailed as refusal:
        form.password.errors = [refusal.text]
        return _sign_in_page(status=refusal.status, form=form, is_staff=is_staff)
    except TooMany as refusal:
        answer = _sign_in_page(status=refusal.status, form=form, is_staff=is_staff, wait=_minutes(refusal.retry_after))
        answer.headers["Retry-After"] = str(refusal.retry_after or 60)
        return answer
    _end_former()
    return with_login(_target(form.next.data, is_staff=is_staff), token)


def _sign_in_page(*, status: int = 200, is_staff: bool, **context: Any) -> Response:
    offers_sign_up = not is_staff and tenants.current().sign_up_open
    return page(SIGN_IN, status=status, is_staff=is_staff, offers_sign_up=offers_sign_up, **context)


def _minutes(seconds: int | None) -> str:
    minutes = -(-(seconds or 60) // 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def _target(text: str | None, *, is_staff: bool) -> str:
    """Where to go after signing in: `text` if it is a path of our own, else home."""
    return own_path(text, "/admin" if is_staff else "/client")


def _end_former() -> None:
    """What this browser was signed in as before ends: a login is never taken over."""
    who = maybe_principal()
    if who is not None:
        service.sign_out(who)


@routes.post("/sign-out")
@anyone(impersonated=True)
def delete() -> ResponseReturnValue:
    """End this browser's login."""
    who = maybe_principal()
    is_staff = who is not None and (who.is_staff or who.is_impersonated)
    target = "/admin/sign-in" if is_staff else "/sign-in"
    if who is not None:
        service.sign_out(who)
        toast("good", "You are signed out.")
    return without_login(target)


@routes.get("/set-password")
@anyone(limits=("60/minute",))
def new_password() -> ResponseReturnValue:
    """The page behind a password link. Looking at it uses nothing up: mail scanners look too."""
    token = request.args.get("token", "")
    link = accounts.find_password_link(token)
    user = accounts.find_user(link.user_id) if link is not None else None
    if user is None:
        return _spent(token)
    form = SetPasswordForm(formdata=None, token=token)
    return private(page(SET_PASSWORD, form=form, email=user.email, is_first=user.password_hash is None))


@routes.post("/set-password")
@anyone(limits=("30/minute",), hashes=True)
def create_password() -> ResponseReturnValue:
    """Set the password and sign in. The link is used up, every other login ends."""
    form = SetPasswordForm()
    with db.transaction(write=False):
        link = accounts.find_password_link(form.token.data or "")
        user = accounts.find_user(link.user_id) if link is not None else None
    if link is None or user is None:
        return _spent(form.token.data or "")
    context = {"form": form, "email": user.email, "is_first": user.password_hash is None}
    if not form.validate_on_submit():
        return private(page(SET_PASSWORD, status=422, **context))
    try:
        accounts.check_password_rules(form.password.data, user=user)
    except Invalid as refusal:
        form.password.errors = [refusal.text]
        return private(page(SET_PASSWORD, status=422, **context))
    password_hash = crypto.hash_password(form.password.data)
    _login, token = service.set_password(link, password_hash, ip=client_address(), user_agent=user_agent())
    _end_former()
    toast("good", "Your password is set. You are signed in.")
    return private(with_login("/admin" if user.is_staff else "/client", token))


def _spent(token: str) -> Response:
    """The way to a new link, at the door of whoever had this one."""
    with db.transaction(write=False):
        is_staff = accounts.was_staff_link(token)
    return private(page(LINK_SPENT, status=410, is_staff=is_staff))
