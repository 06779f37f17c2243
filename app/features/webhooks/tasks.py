"""Telling endpoints: many at once, each in its own lane, again after growing pauses, until it is heard or given up."""

import random
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.webhooks import service, signing
from app.features.webhooks.deliveries import BELL
from app.features.webhooks.models import Webhook, WebhookDelivery, message_id
from app.kernel import clock, db, jobs, outbound, outbox, tenancy
from app.kernel.columns import Id
from app.kernel.lanes import Lanes
from app.kernel.outbound import Answer
from app.kernel.outbox import Claimed

PAUSES = (1, 2, 5, 10, 30, 300, 1800, 7200, 18_000, 36_000, 86_400)
"""Seconds after each failure (SPEC 7.1); then it is given up."""
JITTER = 0.1
"""A pause is up to a tenth shorter or longer, so that what failed together does not come back together."""
MOST_ATTEMPTS = len(PAUSES) + 1
FAILS_FOR = timedelta(days=5)
"""An endpoint that has only failed for so long is switched off."""
LONGEST_WAIT = 86_400
"""What `Retry-After` may ask for at most, in seconds."""
LEASE_MARGIN = 30
REMEMBERED_ATTEMPTS = 20
MOST_HEADERS, MOST_HEADER = 40, 500
KEPT_FOR = timedelta(days=30)
TIDIED_AT_ONCE = 5_000
MASK = "[kept secret]"
AGENT = "mPanel-Webhooks/1.0"


class _Job(NamedTuple):
    """What one attempt wants to know of a delivery and its endpoint."""

    body: str
    event_id: UUID
    is_test: bool
    attempt_log: list[dict[str, Any]]
    webhook_id: UUID
    url: str
    headers_sealed: bytes | None
    secret_sealed: bytes
    previous_secret_sealed: bytes | None
    previous_until: datetime | None
    retry_enabled: bool
    failing_since: datetime | None
    disabled_at: datetime | None
    deleted_at: datetime | None

    @property
    def is_on(self) -> bool:
        """Whether its endpoint is told what happens."""
        return self.disabled_at is None and self.deleted_at is None


def _job_query() -> Any:
    """Columns in one read: two entities cost three times as much, and many wait."""
    own: list[Any] = [getattr(WebhookDelivery, name) for name in _Job._fields[:5]]
    theirs: list[Any] = [getattr(Webhook, name) for name in _Job._fields[5:]]
    same = sa.and_(Webhook.tenant_id == WebhookDelivery.tenant_id, Webhook.id == WebhookDelivery.webhook_id)
    found = sa.select(*own, *theirs).select_from(WebhookDelivery).join(Webhook, same)
    mine = found.where(
        WebhookDelivery.id == sa.bindparam("delivery", type_=Id()),
        WebhookDelivery.tenant_id == sa.bindparam("tenant", type_=Id()),
    )
    return tenancy.named(mine, "one delivery in hand and its endpoint; their tenants are compared")


_JOB = _job_query()


def attempt(claimed: Claimed) -> None:
    """Tell one endpoint one thing, once, and write down what came of it."""
    with db.transaction(write=False) as session:
        job = _Job(*session.execute(_JOB, {"delivery": claimed.id, "tenant": claimed.tenant_id}).one())
    if not job.is_on:
        with db.transaction():
            outbox.dead(claimed, "The endpoint was off when it was due.", settled_at=clock.now())
        return
    headers, shown = _headers(job)
    answer = outbound.send(job.url, body=job.body.encode(), headers=headers)
    _settle(claimed, job, answer, shown)


def _headers(job: _Job) -> tuple[dict[str, str], dict[str, str]]:
    """What is sent along, and how staff may see it: without signatures and without the values of own headers."""
    secrets = service.open_secrets(job.secret_sealed, job.previous_secret_sealed, job.previous_until)
    signed = signing.signatures(secrets, message_id(job.event_id), clock.now(), job.body)
    plain = {"content-type": "application/json", "user-agent": AGENT, "accept": "*/*", "accept-encoding": "identity"}
    if job.is_test:
        plain["x-mpanel-test"] = "true"
    own = service.open_headers(job.headers_sealed)
    shown = {**plain, **dict.fromkeys(own, MASK), **signed}
    shown |= dict.fromkeys(("webhook-signature", "x-mpanel-signature"), MASK)
    return {**own, **plain, **signed}, shown


def _settle(claimed: Claimed, job: _Job, answer: Answer, shown: dict[str, str]) -> None:
    told = _told(job, answer, shown)
    error = answer.problem or f"It answered {answer.status}."
    with db.transaction():
        if answer.is_success:
            if outbox.finish(claimed, settled_at=clock.now(), **told):
                _note_success(job)
        elif answer.status == 410:
            if outbox.dead(claimed, "It answered 410: gone for good.", settled_at=clock.now(), **told):
                service.switch_off(job.webhook_id, reason="gone")
        elif job.retry_enabled and claimed.attempts < MOST_ATTEMPTS:
            pause = pause_after(claimed.attempts, answer)
            if outbox.retry(claimed, pause, error, **told):
                db.after_commit(lambda: LANES.remind(pause))
                _note_failure(job)
        elif outbox.dead(claimed, error, settled_at=clock.now(), **told):
            _note_failure(job)


def pause_after(attempts: int, answer: Answer) -> float:
    """Seconds until the next try after failure number `attempts`, or longer where the receiver asks for it."""
    pause = PAUSES[min(attempts, len(PAUSES)) - 1] * random.uniform(1 - JITTER, 1 + JITTER)
    asked = _asked_wait(answer) if answer.status in {429, 503} else 0.0
    return max(pause, asked * random.uniform(1.0, 1 + JITTER))


def _asked_wait(answer: Answer) -> float:
    """The seconds of `Retry-After`, which is a number or a date."""
    text = answer.header("retry-after").strip()
    if text.isdecimal() and text.isascii():
        return float(min(int(text[:9]), LONGEST_WAIT))
    try:
        moment = parsedate_to_datetime(text)
        return min(max(0.0, (moment - clock.now()).total_seconds()), LONGEST_WAIT)
    except (ValueError, TypeError, OverflowError):
        return 0.0  # no date, or one without a zone


def _told(job: _Job, answer: Answer, shown: dict[str, str]) -> dict[str, Any]:
    """What is kept of an attempt: the last request and answer whole, of those before a line each."""
    entry = {
        "at": clock.now().isoformat(),
        "status": answer.status,
        "problem": answer.problem,
        "ms": answer.milliseconds,
    }
    return {
        "attempt_log": [*job.attempt_log, entry][-REMEMBERED_ATTEMPTS:],
        "request_headers": shown,
        "response_status": answer.status or None,
        "response_headers": [
            [name[:MOST_HEADER], value[:MOST_HEADER]] for name, value in answer.headers[:MOST_HEADERS]
        ],
        "response_body": answer.body.decode("utf-8", "replace").replace("\0", "\ufffd"),
        "is_cut": answer.is_cut,
        "duration_ms": answer.milliseconds,
    }


def _note_success(job: _Job) -> None:
    """A success restarts the count of failing days."""
    if job.failing_since is not None:
        _write(sa.update(Webhook).where(Webhook.id == job.webhook_id).values(failing_since=None))


def _note_failure(job: _Job) -> None:
    """The first failure starts the count; at its end the endpoint is switched off."""
    now = clock.now()
    if job.failing_since is None:
        first = sa.update(Webhook).where(Webhook.id == job.webhook_id, Webhook.failing_since.is_(None))
        _write(first.values(failing_since=now))
    elif now - job.failing_since >= FAILS_FOR and _still_failing(job.webhook_id):
        service.switch_off(job.webhook_id, reason="failing")


def _still_failing(webhook_id: UUID) -> bool:
    """Whether no success came while this attempt was on its way."""
    return db.session().scalar(sa.select(Webhook.failing_since).where(Webhook.id == webhook_id)) is not None


def _write(statement: sa.Update) -> None:
    db.session().execute(statement.execution_options(synchronize_session=False))


LANES = Lanes(
    WebhookDelivery,
    attempt,
    lease_seconds=lambda: outbound.longest() + LEASE_MARGIN,
    most_attempts=MOST_ATTEMPTS,
)


@jobs.bell(BELL, threads=2)
def deliver() -> None:
    """Tell every endpoint what is due. One thread leads; the other wakes it."""
    LANES.run()


@jobs.scheduled("webhooks.tidy", "20 3 * * *", title="Old deliveries")
def tidy() -> None:
    """Forget what was delivered or given up more than 30 days ago, some thousands at a time."""
    row = WebhookDelivery
    with tenancy.across_tenants("schedule"):
        while not jobs.stopping():
            with db.transaction() as session:
                old = sa.select(row.id).where(row.state.in_(["done", "dead"]), row.created_at < clock.now() - KEPT_FOR)
                ids = list(session.scalars(old.limit(TIDIED_AT_ONCE)))
                session.execute(sa.delete(row).where(row.id.in_(ids)).execution_options(synchronize_session=False))
            if len(ids) < TIDIED_AT_ONCE:
                return
