"""Wanting mails, finding them, and setting them going again. Sending is the worker's (`tasks`)."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from app.config import current as settings
from app.features.accounts import service as accounts
from app.features.accounts.links import link_url
from app.features.accounts.models import MailedLink, PasswordToken, User
from app.features.audit import service as audit
from app.features.messages.figures import STATES, Health, health
from app.features.messages.kinds import KINDS
from app.features.messages.models import EmailMessage
from app.features.messages.rendering import find_link
from app.features.orders.events import CustomerCreated
from app.features.people import service as people
from app.features.people.models import Invitation
from app.features.tenants import mailing
from app.kernel import clock, db, jobs, outbox, paging, tenancy
from app.kernel.access import Role
from app.kernel.errors import Conflict, NotFound
from app.kernel.ids import new_id
from app.kernel.paging import Page
from app.kernel.terms import LAST

__all__ = [
    "BELL", "Health", "NoLink", "NoMailServer", "OnItsWay", "find", "find_page", "health", "last_test", "open_link",
    "queue", "recipient", "resend", "resend_all", "reveal_link", "same_address",
    "try_out", "welcome",
]  # fmt: skip

BELL = "email"
URGENT, NORMAL = 1, 5


class NoMailServer(Conflict):
    """Nothing can be sent while there is no server to send it with."""

    code, text = "no_mail_server", "No mail server is set up. Set one up in the settings, then send it again."


class OnItsWay(Conflict):
    """It is waiting already."""

    code, text = "on_its_way", "This message is on its way already."


class NoLink(Conflict):
    """There is nothing to reveal."""

    code, text = "no_link", "This message carries no link that still works."


def welcome(event: CustomerCreated) -> None:
    """Greet a new customer's owners who can get in: each by the link to set the first password, or by the one set."""
    owners = sa.select(User).where(User.customer_id == event.customer_id, User.customer_role == Role.OWNER)
    has_link = sa.exists().where(PasswordToken.user_id == User.id)
    owners = owners.where(sa.or_(User.password_hash.is_not(None), has_link))
    for user in db.session().scalars(owners):
        queue("welcome", to_user=user, subject_type="customer", subject_id=event.customer_id, fact=event.customer_id)


def queue(
    template: str,
    *,
    to_user: User | None = None,
    to_address: str = "",
    subject_type: str,
    subject_id: UUID,
    fact: object,
    link_id: UUID | None = None,
    priority: int = NORMAL,
) -> bool:
    """Want one mail to one person, or to an address that is nobody's here or was theirs; nothing is drawn or sent yet.

    `fact` is what happened: one fact makes one mail per template and person,
    however often it is told. `priority` is from 1 (first) to 10. Returns
    whether the mail is new.
    """
    assert template in KINDS, template
    address = to_address or (to_user.email if to_user is not None else "")
    row_id, now = new_id(), clock.now()
    insert = postgresql.insert if db.is_postgresql() else sqlite.insert
    wanted = insert(EmailMessage).values(
        id=row_id,
        tenant_id=tenancy.current(),
        created_at=now,
        next_at=now,
        template=template,
        subject_type=subject_type,
        subject_id=subject_id,
        to_user_id=to_user.id if to_user is not None else None,
        to_address=address,
        address_key=address.lower(),
        link_id=link_id,
        priority=priority,
        dedupe_key=f"{template}:{fact}:{to_user.id if to_user is not None else address.lower()}",
        message_id_header=_message_id(row_id),
        attempt_log=[],
    )
    added = db.session().execute(
        wanted.on_conflict_do_nothing(index_elements=["tenant_id", "dedupe_key"]).returning(EmailMessage.id)
    )
    is_new = added.first() is not None
    if is_new:
        jobs.ring(BELL)
    return is_new


def _message_id(part: UUID) -> str:
    return f"<{part}@{settings().mail_from.rpartition('@')[2]}>"


def try_out(to_user: User) -> None:
    """Send a mail to somebody who works here, that shows how mail leaves. Each asking is a mail of its own.

    Raises:
        NoMailServer: there is nothing to send it with.
    """
    _need_server()
    queue("mail_test", to_user=to_user, subject_type="user", subject_id=to_user.id, fact=new_id(), priority=URGENT)


def last_test() -> EmailMessage | None:
    """The newest mail that tried the settings."""
    newest = sa.select(EmailMessage).where(EmailMessage.template == "mail_test")
    ordered = newest.order_by(EmailMessage.created_at.desc(), EmailMessage.id.desc())
    return db.session().scalars(ordered.limit(1)).first()


def find(message_id: UUID) -> EmailMessage:
    """The mail with this id.

    Raises:
        NotFound: there is none in this tenant.
    """
    found = db.session().get(EmailMessage, message_id)
    if found is None:
        raise NotFound()
    return found


def find_page(
    *, state: str = "", template: str = "", address: str = "", cursor: str | None = None, limit: int = 50
) -> Page[Any]:
    """One page of mails, newest first: (id, template, subject line, address, state, last error, wanted at).

    `state` is `waiting`, `sent`, `failed` or `kept`; `address` the beginning of one.

    Raises:
        BadCursor: `cursor` is not one of this list.
    """
    row = EmailMessage
    columns: tuple[Any, ...] = (row.id, row.template, row.subject_line, row.to_address, row.state, row.last_error)
    query = sa.select(*columns, row.created_at)
    if state in STATES:
        query = query.where(row.state.in_(STATES[state]))
    if template:
        query = query.where(row.template == template)
    if address:
        begin = address.strip().lower()
        query = query.where(row.address_key >= begin, row.address_key < begin + LAST)
    return paging.page(query, EmailMessage, cursor=cursor, limit=limit)


def same_address(message: EmailMessage) -> list[EmailMessage]:
    """The five newest other mails to the same address."""
    query = sa.select(EmailMessage).where(
        EmailMessage.address_key == message.address_key, EmailMessage.id != message.id
    )
    newest = query.order_by(EmailMessage.created_at.desc(), EmailMessage.id.desc()).limit(5)
    return list(db.session().scalars(newest))


def resend(message: EmailMessage) -> None:
    """Send it (again), with fresh attempts.

    One that was sent already goes as a new mail; a link that has run out since
    is replaced by a fresh one.

    Raises:
        NoMailServer: there is nothing to send it with.
        OnItsWay: it is waiting already.
    """
    _need_server()
    if message.is_waiting:
        raise OnItsWay()
    if message.state == "done":
        message.message_id_header = _message_id(new_id())
        _refresh_link(message)
        db.session().flush()
    if not outbox.revive(EmailMessage, message.id):
        raise OnItsWay()
    audit.record(
        "MESSAGE_RESENT",
        resource_type="message",
        resource_id=message.id,
        after={"template": message.template},
    )
    jobs.ring(BELL)


def _refresh_link(message: EmailMessage) -> None:
    kind = KINDS[message.template]
    if not kind.needs_link or find_link(message, kind) is not None or message.to_user_id is None:
        return
    user = db.session().get_one(User, message.to_user_id)
    message.link_id = accounts.start_password_link(user, kind.link).id


def resend_all(state: str) -> int:
    """Send every `failed` or `kept` mail of the tenant; returns how many.

    Raises:
        NoMailServer: there is nothing to send them with.
    """
    _need_server()
    assert state in {"failed", "kept"}, state
    again = (
        sa.update(EmailMessage)
        .where(EmailMessage.state.in_(STATES[state]))
        .values(state="waiting", attempts=0, next_at=clock.now(), last_error=None)
        .returning(EmailMessage.id)
        .execution_options(synchronize_session=False)
    )
    count = len(db.session().execute(again).all())
    if count:
        audit.record(
            "MESSAGES_RESENT", resource_type="message", resource_id=None, after={"state": state, "count": count}
        )
        jobs.ring(BELL)
    return count


def _need_server() -> None:
    if not mailing.has_server():
        raise NoMailServer()


def recipient(message: EmailMessage) -> User | None:
    """The person it is for, if they are still known."""
    return db.session().get(User, message.to_user_id) if message.to_user_id is not None else None


def open_link(message: EmailMessage) -> MailedLink | None:
    """The link that the mail carries, while it lets somebody in."""
    link = find_link(message, KINDS[message.template])
    if isinstance(link, Invitation) and people.is_address_taken(link):
        return None
    return link if link is not None and link.is_open(clock.now()) else None


def reveal_link(message: EmailMessage) -> tuple[str, MailedLink]:
    """The link that the mail carries, whole, and its row. Audited: whoever has it can get in.

    Raises:
        NoLink: it carries none, or it was used or replaced or has run out.
    """
    link = open_link(message)
    if link is None:
        raise NoLink()
    audit.record(
        "MESSAGE_LINK_REVEALED",
        resource_type="message",
        resource_id=message.id,
        after={"template": message.template, "link_id": str(link.id)},
    )
    return link_url(link), link
