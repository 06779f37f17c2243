"""Sending what waits, one mail at a time, over as few connections as possible."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from jinja2 import TemplateError

from app.config import current as settings
from app.features.accounts import service as accounts
from app.features.messages import envelope, rendering, servers
from app.features.messages.events import MessageFailed
from app.features.messages.kinds import KINDS
from app.features.messages.models import EmailMessage
from app.features.messages.rendering import Draft, LinkIsSpent
from app.features.messages.servers import Breaker, Lines, Server
from app.features.messages.service import BELL
from app.features.messages.smtp import Answer, Line, Outcome, Parcel
from app.features.tenants import mailing
from app.features.tenants import service as tenants
from app.kernel import clock, db, jobs, outbox
from app.kernel.events import publish
from app.kernel.outbox import MOST_ATTEMPTS, Claimed

BATCH = 10
LEASE_SECONDS = 90
"""Longer than the slowest conversation with a mail server that still ends well."""
PAUSES = (timedelta(minutes=10), timedelta(hours=1))
"""After the first and the second failed attempt; grey-listing servers want some minutes."""
SOON = timedelta(seconds=2)
REMEMBERED_ATTEMPTS = 20


@jobs.bell(BELL, threads=4)
def deliver() -> None:
    """Send every mail that is due; without a mail server draw and keep them.

    Each is settled by itself, after the server has taken it. A kill between
    the two sends that mail once more, with the same Message-ID.
    """
    house, others = servers.house(), mailing.any_own_server()
    if not others and house is not None and house.breaker.is_open:
        return
    is_trying = not others and house is not None and house.breaker.is_trying
    lines = Lines()
    try:
        outbox.drain(
            EmailMessage,
            lambda claimed: _send(claimed, lines),
            limit=1 if is_trying else BATCH,
            lease_seconds=LEASE_SECONDS,
            enough=lambda: not others and house is not None and house.breaker.is_open,
        )
    finally:
        lines.close()


def _keep(claimed: Claimed) -> None:
    """Draw it, so that staff can read it, and keep it unsent."""
    drawn = _drawn(claimed)
    if drawn is None:
        return
    message, draft = drawn
    with db.transaction():
        outbox.hold(claimed, kept_at=message.kept_at or clock.now(), last_error=None, **_as_sent(draft))


def _send(claimed: Claimed, lines: Lines) -> None:
    """By the server of its tenant, if that can be talked to now."""
    server = servers.of_tenant()
    if server is None:
        _keep(claimed)
    elif server.breaker.is_open:
        _put_off(claimed, server.breaker.left)
    elif not server.mail.is_strangers:
        _send_by(claimed, server, lines.to(server))
    elif server.places.acquire(blocking=False):
        try:
            _send_by(claimed, server, lines.to(server))
        finally:
            server.places.release()
    else:
        with db.transaction():
            outbox.retry(claimed, SOON, "Others of this tenant's mails go first.", counts=False)


def _put_off(claimed: Claimed, pause: timedelta) -> None:
    """Its server is left alone: what waits for it goes behind what others can send meanwhile."""
    until = clock.now() + pause
    later = sa.update(EmailMessage).where(EmailMessage.state == "waiting", EmailMessage.next_at < until)
    with db.transaction() as session:
        outbox.retry(claimed, pause, "The mail server cannot be used now.", counts=False)
        session.execute(later.values(next_at=until).execution_options(synchronize_session=False))


def _send_by(claimed: Claimed, server: Server, line: Line) -> None:
    drawn = _drawn(claimed)
    if drawn is None:
        return
    message, draft = drawn
    try:
        parcel = envelope.compose(
            message,
            draft,
            sender=mailing.sender(),
            name=tenants.current().mail_name,
            reply_to=mailing.department(KINDS[message.template].department),
        )
    except ValueError:
        _give_up(claimed, message, Answer(Outcome.REFUSED, "Its address cannot stand in a mail."), {})
        return
    _settle(claimed, message, draft, _judged(line.send(parcel), parcel, server), server.breaker)


def _judged(answer: Answer, parcel: Parcel, server: Server) -> Answer:
    """A sender that is refused is a server that cannot be used; but for one that a tenant has chosen for itself on
    the installation's server: then that tenant's mail fails, and everybody else's goes on."""
    if answer.outcome is not Outcome.UNWELCOME:
        return answer
    is_their_choice = not tenants.current().is_operator and parcel.sender != settings().mail_from
    is_shared = not server.mail.is_strangers
    return replace(answer, outcome=Outcome.DEFERRED if is_their_choice and is_shared else Outcome.AWAY)


def _drawn(claimed: Claimed) -> tuple[EmailMessage, Draft] | None:
    """The mail as it would leave now; None when it cannot, and has been given up for that."""
    with db.transaction(write=False) as session:
        message = session.get_one(EmailMessage, claimed.id)
        try:
            return message, rendering.draw(message)
        except LinkIsSpent:
            problem = "Its link was used or replaced by a newer one before it could go out."
        except TemplateError as broken:
            problem = f"The template could not be drawn: {broken}"
    _give_up(claimed, message, Answer(Outcome.REFUSED, problem), {})
    return None


def _settle(claimed: Claimed, message: EmailMessage, draft: Draft, answer: Answer, breaker: Breaker) -> None:
    """Write down what became of the attempt, each outcome in its own way."""
    if answer.outcome is Outcome.AWAY:
        pause = breaker.trip()
        with db.transaction():
            outbox.retry(claimed, pause, answer.text, counts=False)
        return
    breaker.mend()
    if answer.outcome is Outcome.SENT:
        _settle_sent(claimed, message, draft, answer)
    elif answer.outcome is Outcome.REFUSED or claimed.attempts >= MOST_ATTEMPTS:
        _give_up(claimed, message, answer, _as_sent(draft))
    else:
        with db.transaction():
            pause = PAUSES[min(claimed.attempts, len(PAUSES)) - 1]
            outbox.retry(claimed, pause, answer.text, attempt_log=_logged(message, answer), **_as_sent(draft))


def _settle_sent(claimed: Claimed, message: EmailMessage, draft: Draft, answer: Answer) -> None:
    with db.transaction() as session:
        log = _logged(message, answer)
        settled = outbox.finish(claimed, sent_at=clock.now(), attempt_log=log, **_as_sent(draft))
        if settled and draft.link is not None and draft.link.delivered_at is None:
            accounts.mark_delivered(session.merge(draft.link))


def _give_up(claimed: Claimed, message: EmailMessage, answer: Answer, drawn: dict[str, Any]) -> None:
    with db.transaction():
        if outbox.dead(claimed, answer.text, attempt_log=_logged(message, answer), **drawn):
            publish(MessageFailed(message.id, message.template, claimed.attempts))


def _as_sent(draft: Draft) -> dict[str, Any]:
    """What is kept of a mail: its words, with the secret of its link masked."""
    return {
        "subject_line": draft.subject,
        "body_html": draft.masked(draft.html),
        "body_text": draft.masked(draft.text),
    }


def _logged(message: EmailMessage, answer: Answer) -> list[dict[str, Any]]:
    """The log of attempts with this one at its end."""
    entry = {
        "at": clock.now().isoformat(),
        "outcome": answer.outcome.value,
        "answer": answer.text,
        "ms": answer.milliseconds,
    }
    return [*message.attempt_log, entry][-REMEMBERED_ATTEMPTS:]
