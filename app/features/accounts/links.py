"""One-time links: made, used once, ended. Among them those that let a person set a password: the newest alone works."""

from datetime import timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.events import PasswordChanged, PasswordLinkRequested
from app.features.accounts.models import Customer, MailedLink, PasswordToken, User
from app.features.audit import service as audit
from app.features.tenants import service as tenants
from app.kernel import clock, crypto, db
from app.kernel.errors import Refusal
from app.kernel.events import publish
from app.kernel.ids import new_id

Link = TypeVar("Link", bound=MailedLink)
LASTS = {"reset": timedelta(hours=1), "first": timedelta(hours=72)}
"""How long a link works, counted from its delivery."""


class LinkSpent(Refusal):
    """Used, run out, replaced by a newer one, or never there: all said alike."""

    status, code, text = 410, "link_spent", "This link no longer works. Ask for a new one."


def make(model: type[Link], lasts: timedelta, **values: Any) -> Link:
    """Write a link that works so long. Its token is computed from its id, and stored nowhere."""
    row_id, row = new_id(), cast("type[Any]", model)
    link: Link = row(
        id=row_id,
        token_hash=crypto.digest(crypto.link_token(model.link_purpose, row_id)),
        lasts_seconds=int(lasts.total_seconds()),
        expires_at=clock.now() + lasts,
        **values,
    )
    db.session().add(link)
    db.session().flush()
    return link


def unused(model: type[MailedLink]) -> sa.ColumnElement[bool]:
    """Neither used nor replaced; it may have run out."""
    return sa.and_(model.used_at.is_(None), model.revoked_at.is_(None))


def use(link: MailedLink) -> None:
    """Use it up: of several at once, one does.

    Raises:
        LinkSpent: somebody was faster, or it has run out since.
    """
    model, now = type(link), clock.now()
    mine = sa.update(model).where(model.id == link.id, unused(model), model.expires_at > now)
    if db.session().execute(mine.values(used_at=now).returning(model.id)).first() is None:
        raise LinkSpent()


def revoke(model: type[MailedLink], *conditions: sa.ColumnElement[bool]) -> None:
    """Let those that are open among them let nobody in any more."""
    db.session().execute(sa.update(model).where(unused(model), *conditions).values(revoked_at=clock.now()))


def start_password_link(user: User, purpose: str) -> PasswordToken:
    """Make a link for `user`; `purpose` is `reset` (1 hour) or `first` (72 hours). Older links end."""
    revoke_links(user.id)
    link = make(PasswordToken, LASTS[purpose], user_id=user.id, purpose=purpose)
    audit.record("PASSWORD_LINK_CREATED", resource_type="user", resource_id=user.id, after={"purpose": purpose})
    return link


def send_password_link(user: User, purpose: str = "reset") -> None:
    """Make a fresh link and mail it; `purpose` as in `start_password_link`."""
    link = start_password_link(user, purpose)
    publish(PasswordLinkRequested(user.id, link.id))


def link_token(link: MailedLink) -> str:
    """The secret part of the link: the same at each call, stored nowhere."""
    return crypto.link_token(link.link_purpose, link.id)


def link_url(link: MailedLink) -> str:
    """The whole link, on the tenant's own address. Whoever has it can get in: never log or show it."""
    return f"{tenants.base_url(tenants.current())}{link.link_path}?token={link_token(link)}"


def set_password_url(link: PasswordToken) -> str:
    """The same, of a link to set a password."""
    return link_url(link)


def mark_delivered(link: MailedLink) -> None:
    """The mail with the link has left: its time counts from now."""
    link.delivered_at = clock.now()
    link.expires_at = link.delivered_at + timedelta(seconds=link.lasts_seconds)


def find_password_link(token: str) -> PasswordToken | None:
    """The open link behind `token`, if its person may still sign in."""
    found = db.session().scalars(
        sa.select(PasswordToken)
        .join(User, User.id == PasswordToken.user_id)
        .outerjoin(Customer, Customer.id == User.customer_id)
        .where(
            PasswordToken.token_hash == crypto.digest(token),
            User.disabled_at.is_(None),
            sa.or_(User.customer_id.is_(None), Customer.status == "active"),
        )
    )
    link = found.one_or_none()
    return link if link is not None and link.is_open(clock.now()) else None


def was_staff_link(token: str) -> bool:
    """Whether `token`, spent or not, was made for somebody who works here."""
    mine = sa.select(User.staff_role).join(PasswordToken, PasswordToken.user_id == User.id)
    return db.session().scalars(mine.where(PasswordToken.token_hash == crypto.digest(token))).one_or_none() is not None


def set_password(link: PasswordToken, password_hash: str) -> User:
    """Use the link up: the person has this password now, and every other link of theirs ends.

    Hash before the transaction begins. Ending the other logins is the caller's part.

    Raises:
        LinkSpent: somebody was faster, or it has run out since.
    """
    use(link)
    revoke_links(link.user_id)
    user = db.session().get_one(User, link.user_id)
    had_password = user.password_hash is not None
    user.password_hash = password_hash
    user.password_set_at = now = clock.now()
    if link.delivered_at is not None:
        user.email_verified_at = user.email_verified_at or now
    audit.record("PASSWORD_SET", resource_type="user", resource_id=user.id, person_id=user.id)
    if had_password:
        publish(PasswordChanged(user.id, link.id))
    return user


def revoke_links(user_id: UUID) -> None:
    """End every link that would let this person set a password."""
    revoke(PasswordToken, PasswordToken.user_id == user_id)
