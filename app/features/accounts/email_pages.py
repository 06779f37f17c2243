"""The page of another address to sign in by, the same for customers' people and staff."""

from flask import Response
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.accounts import email_changes, proofs, service
from app.features.accounts.forms import EmailForm
from app.features.accounts.models import User
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.errors import Invalid, NotFound, TooMany
from app.kernel.pages import page, principal, toast


def me() -> User:
    """Who asks, to be written.

    Raises:
        NotFound: they are gone meanwhile.
    """
    user_id = principal().user_id
    user = service.find_user(user_id) if user_id is not None else None
    if user is None:
        raise NotFound()
    return user


def asked(template: str, form: EmailForm | None = None, *, status: int = 200) -> Response:
    """The present address, the form, and what waits for its confirmation."""
    user = me()
    waiting = email_changes.pending(user.id)
    until = words.exact(waiting.expires_at, tenants.current().time_zone) if waiting is not None else ""
    return page(
        template,
        status=status,
        form=form or EmailForm(formdata=None),
        own_email=user.email,
        waiting=waiting,
        until=until,
    )


def ask(template: str, *, home: str) -> ResponseReturnValue:
    """Check the password before anything is written, then ask the new address."""
    form = EmailForm()
    if not form.validate_on_submit():
        return asked(template, form, status=422)
    try:
        proofs.check_password(principal().user_id, form.password.data)
        email_changes.request(me(), form.email.data)
    except Invalid as refusal:
        form.blame(refusal)
        return asked(template, form, status=422)
    except TooMany as refusal:
        form.password.errors = ["Too many tries. Wait a quarter of an hour."]
        return asked(template, form, status=refusal.status)
    toast("good", "A mail is on its way to the new address. Its link makes the change.")
    return redirect(home, 303)
