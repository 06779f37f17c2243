"""Somebody has lost a password: the wish is noted for any address, and seen to by the worker."""

import sqlalchemy as sa

from app.features.accounts.addresses import limiter_key, normalise_email
from app.features.accounts.links import send_password_link
from app.features.accounts.models import Customer, PasswordRequest, User
from app.kernel import db, jobs, limits
from app.kernel.errors import TooMany

MAILS_PER_ACCOUNT = "3/hour"
MAILS_PER_ADDRESS = "5/hour"
"""Password mails beyond these are dropped without a word (PROMISES, case 2)."""


def request_password_link(email: str, *, is_staff: bool, network: str) -> None:
    """Note that somebody wants a link. Takes the same way whoever the address belongs to.

    `network` is what requests are counted by besides the address.

    Raises:
        Invalid: it is no e-mail address at all.
    """
    key = normalise_email(email)
    try:
        limits.hit(MAILS_PER_ADDRESS, "password-mail-from", network)
        limits.hit(MAILS_PER_ACCOUNT, "password-mail-to", limiter_key(key))
    except TooMany:
        return
    finally:
        limits.forget_tightest()  # no header tells how often an address was asked for
    db.session().add(PasswordRequest(email_key=key, is_staff=is_staff))
    jobs.ring("password-requests")


def answer_request(email_key: str, *, is_staff: bool) -> None:
    """Make the link and tell the mail, when the address has an account on that side of the house."""
    mine = sa.select(User).outerjoin(Customer, Customer.id == User.customer_id)
    mine = mine.where(User.email_key == email_key, User.disabled_at.is_(None))
    active = sa.or_(User.customer_id.is_(None), Customer.status == "active")
    user = db.session().scalars(mine.where(active)).one_or_none()
    if user is None or user.is_staff is not is_staff:
        return
    send_password_link(user)
