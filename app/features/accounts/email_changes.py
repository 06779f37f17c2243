"""Another address to sign in by: asked for, confirmed by the new one, undone by the old one for seven days.

Sign-in and password links use the old address until the new one has
confirmed. Whoever was robbed of their account has the old address's mails:
the first link among them brings it back, whatever was changed since.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import links, merged
from app.features.accounts.addresses import clean_email, limiter_key
from app.features.accounts.events import CustomerUpdated, EmailChanged, EmailChangeRequested, EmailChangeUndone
from app.features.accounts.models import Customer, EmailChange, EmailUndo, User
from app.features.accounts.service import is_email_taken
from app.kernel import clock, crypto, db, limits, terms
from app.kernel.errors import Invalid, TooMany
from app.kernel.events import publish

LASTS = timedelta(hours=24)
"""How long the new address can confirm."""
UNDONE_FOR = timedelta(days=7)
"""How long the old address can undo, from the change on."""
MAILS_PER_ADDRESS = "3/hour"
"""Mails to a new address beyond these are dropped without a word."""
Link = TypeVar("Link", EmailChange, EmailUndo)


def request(user: User, email: str) -> None:
    """Ask the new address, and tell the old one. The answer is the same whoever the new one belongs to.

    Raises:
        Invalid: it is none, or the present one; names `email`.
    """
    address = clean_email(email)
    if address.lower() == user.email_key:
        raise Invalid.field("email", "That is your address already.")
    try:
        limits.hit(MAILS_PER_ADDRESS, "email-change-to", limiter_key(address))
    except TooMany:
        return
    finally:
        limits.forget_tightest()
    _locked(user.id)
    _end_requests(user.id)
    change = links.make(
        EmailChange, LASTS, user_id=user.id, old_email=user.email, old_key=user.email_key, new_email=address
    )
    undo = links.make(EmailUndo, LASTS + UNDONE_FOR, change_id=change.id)
    publish(EmailChangeRequested(user.id, change.id, undo.id))


def _locked(user_id: UUID) -> User:
    """The person, read anew and held first of all: what happens to their address happens one after the other.

    Held against rows that name them too: their key may change.
    """
    mine = sa.select(User).where(User.id == user_id).with_for_update()
    return db.session().scalars(mine.execution_options(populate_existing=True)).one()


def _end_requests(user_id: UUID) -> None:
    """The newest request alone can be confirmed."""
    links.revoke(EmailChange, EmailChange.user_id == user_id)


def end_all(user_id: UUID) -> None:
    """Nothing asked for is confirmed any more, and nothing taken back: who it was about is gone."""
    changes = sa.select(EmailChange.id).where(EmailChange.user_id == user_id)
    links.revoke(EmailUndo, EmailUndo.change_id.in_(changes))
    _end_requests(user_id)


def pending(user_id: UUID) -> EmailChange | None:
    """What this person asked for and has yet to confirm."""
    newest = sa.select(EmailChange).where(
        EmailChange.user_id == user_id, links.unused(EmailChange), EmailChange.expires_at > clock.now()
    )
    newest = newest.order_by(EmailChange.created_at.desc())
    return db.session().scalars(newest.limit(1)).first()


def find(token: str) -> EmailChange | None:
    """The open request behind `token`, if its person may sign in and nobody has the address."""
    row = _found(EmailChange, token)
    user = db.session().get(User, row.user_id) if row is not None else None
    if row is None or user is None or user.disabled_at is not None or is_email_taken(row.new_email, but_for=user.id):
        return None
    return row


def find_undo(token: str) -> tuple[EmailUndo, EmailChange] | None:
    """The way back behind `token`, and the change."""
    undo = _found(EmailUndo, token)
    return (undo, db.session().get_one(EmailChange, undo.change_id)) if undo is not None else None


def _found(model: type[Link], token: str) -> Link | None:
    row: Link | None = (
        db.session().scalars(sa.select(model).where(model.token_hash == crypto.digest(token))).one_or_none()
    )
    return row if row is not None and row.is_open(clock.now()) else None


def confirm(change: EmailChange) -> User:
    """Let the person sign in by the new address from now on; the old one can undo it for seven days.

    Raises:
        LinkSpent: somebody was faster, it has run out, the address has an account, or the person is shut out.
    """
    user = _locked(change.user_id)
    links.use(change)
    if user.disabled_at is not None or user.email_key != change.old_key or not _move(user, change.new_email):
        raise links.LinkSpent()
    user.email_verified_at = clock.now()
    links.revoke_links(user.id)
    undo = links.make(EmailUndo, UNDONE_FOR, change_id=change.id)
    publish(EmailChanged(user.id, change.id, undo.id))
    return user


def undo(row: EmailUndo) -> User:
    """Take a change back: the old address holds, every login and link ends, and a new password is set by mail.

    Whoever asked for the change knew the present one, so that it works no longer.

    Raises:
        LinkSpent: somebody was faster, or it has run out.
    """
    change = db.session().get_one(EmailChange, row.change_id)
    user = _locked(change.user_id)
    links.use(row)
    db.session().refresh(change)  # it may have been made while this waited
    was_made = change.used_at is not None
    change.undone_at = clock.now()
    if not was_made:
        change.revoked_at = change.undone_at
    later = _later(change)
    _end_requests(user.id)
    links.revoke(EmailUndo, EmailUndo.change_id.in_([change.id, *later]))
    if was_made and user.email_key != change.old_key and not _move(user, change.old_email):
        raise links.LinkSpent()
    links.revoke_links(user.id)
    user.password_hash = None
    publish(EmailChangeUndone(user.id, change.id))
    if user.disabled_at is None:
        links.send_password_link(user)
    return user


def _later(change: EmailChange) -> Sequence[UUID]:
    """What was changed after it: by whoever had no right to."""
    later = sa.select(EmailChange.id).where(EmailChange.user_id == change.user_id)
    return db.session().scalars(later.where(EmailChange.created_at >= change.created_at)).all()


def _move(user: User, address: str) -> bool:
    """Let `user` have `address`, unless somebody has it; the account's own contact follows where it was the same."""
    former = user.email_key
    try:
        with db.session().begin_nested():
            user.email, user.email_key = address, address.lower()
            db.session().flush()
    except sa.exc.IntegrityError as problem:
        if "email_key" not in str(problem.orig) and "uq_users_email" not in str(problem.orig):
            raise
        db.session().refresh(user)
        return False
    terms.keep("user", user.id, user.texts)
    customer = db.session().get(Customer, user.customer_id) if user.customer_id is not None else None
    if customer is not None and customer.email.lower() == former:
        customer.email = address
        customer.refresh_search_key()
        merged.keep_words(customer)
        publish(CustomerUpdated(customer.id, ["email"]))
    return True
