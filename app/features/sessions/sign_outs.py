"""Ending logins from the page of one's devices: the same for staff and for customers, each at its own address."""

from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.sessions import service
from app.kernel.pages import principal, toast
from app.kernel.words import plural


def one(session_id: UUID, *, here: str) -> ResponseReturnValue:
    """End one login; ending the present one signs out."""
    login = service.find(principal(), session_id)
    service.end(login)
    toast("good", f"{login.device} is signed out.")
    return redirect(here, 303)


def others(*, here: str) -> ResponseReturnValue:
    """End all but the present one."""
    count = service.end_others(principal())
    toast("good", f"{plural(count, 'other device')} signed out." if count else "You are signed in nowhere else.")
    return redirect(here, 303)
