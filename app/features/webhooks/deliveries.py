"""What endpoints are told: a row for each event and endpoint, in the transaction of what happened."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.webhooks import topics
from app.features.webhooks.models import Webhook, WebhookDelivery
from app.kernel import clock, db, jobs, outbox, tenancy
from app.kernel.access import Principal
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.events import REGISTRY, Event
from app.kernel.ids import new_id

__all__ = [
    "BELL",
    "EndpointIsOff",
    "Health",
    "OnItsWay",
    "fan_out",
    "find",
    "health",
    "replay",
    "replay_failed",
    "send_test",
]

BELL = "webhooks"
STATES = {"waiting": ("waiting", "leased"), "delivered": ("done",), "failed": ("dead",)}
"""The words of the pages for the outbox's states."""
COUNTED_AT_MOST = 10_000


class OnItsWay(Conflict):
    """It is waiting already."""

    code, text = "on_its_way", "This delivery is on its way already."


class EndpointIsOff(Conflict):
    """Nothing goes to an endpoint that is off."""

    code, text = "endpoint_is_off", "The endpoint is off. Switch it on first."


def fan_out(event: Event) -> None:
    """Have every endpoint told that asked for such events. One query where there is none."""
    if not topics.is_public(event.name):
        return
    wanted = [
        webhook_id
        for webhook_id, events, is_restricted in db.session().execute(_ON)
        if (not events or event.name in events) and topics.is_told(event.name, is_restricted=is_restricted)
    ]
    if wanted:
        _want(wanted, event.name, event.payload())


_ON = sa.select(Webhook.id, Webhook.events, Webhook.is_restricted).where(
    Webhook.disabled_at.is_(None), Webhook.deleted_at.is_(None)
)


def _want(webhook_ids: list[UUID], name: str, data: dict[str, Any], *, is_test: bool = False) -> None:
    now, event_id = clock.now(), new_id()
    said = {"event": name, "timestamp": now.isoformat(), "data": data}
    body = json.dumps(said, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=str)
    rows = [
        {
            "id": new_id(),
            "tenant_id": tenancy.current(),
            "created_at": now,
            "next_at": now,
            "webhook_id": webhook_id,
            "event": name,
            "event_id": event_id,
            "body": body,
            "is_test": is_test,
        }
        for webhook_id in webhook_ids
    ]
    db.session().execute(sa.insert(WebhookDelivery), rows)
    jobs.ring(BELL)


def send_test(webhook: Webhook, name: str) -> None:
    """Tell the endpoint the documented example of an event, as it would be told the event itself.

    Raises:
        Invalid: there is no such event for it.
        EndpointIsOff: nothing goes to it.
    """
    if not topics.is_told(name, is_restricted=webhook.is_restricted) or name not in REGISTRY:
        raise Invalid.field("event", "There is no such event.", code="unknown_event")
    if not webhook.is_on:
        raise EndpointIsOff()
    _want([webhook.id], name, dict(REGISTRY[name].example), is_test=True)
    audit.record("WEBHOOK_TESTED", resource_type="webhook", resource_id=webhook.id, after={"event": name})


def find(principal: Principal, delivery_id: UUID) -> WebhookDelivery:
    """A delivery of the asking staff's tenant.

    Raises:
        NotFound: there is none with this id, or it is no concern of theirs.
    """
    found = db.session().get(WebhookDelivery, delivery_id) if principal.is_staff else None
    if found is None:
        raise NotFound()
    return found


def replay(delivery: WebhookDelivery) -> None:
    """Send it again, the same words under the same `webhook-id`, with fresh attempts.

    Raises:
        EndpointIsOff: nothing goes to its endpoint.
        OnItsWay: it is waiting already.
    """
    if not db.session().get_one(Webhook, delivery.webhook_id).is_on:
        raise EndpointIsOff()
    if not outbox.revive(WebhookDelivery, delivery.id):
        raise OnItsWay()
    audit.record("WEBHOOK_REPLAYED", resource_type="webhook", resource_id=delivery.webhook_id,
                 after={"delivery_id": str(delivery.id), "event": delivery.event})  # fmt: skip
    jobs.ring(BELL)


def replay_failed(webhook: Webhook, *, since: datetime) -> int:
    """Send everything to the endpoint again that was given up since then; returns how many.

    Raises:
        EndpointIsOff: nothing goes to it.
    """
    if not webhook.is_on:
        raise EndpointIsOff()
    again = (
        sa.update(WebhookDelivery)
        .where(
            WebhookDelivery.webhook_id == webhook.id,
            WebhookDelivery.state == "dead",
            WebhookDelivery.created_at >= since,
        )
        .values(state="waiting", attempts=0, next_at=clock.now(), last_error=None)
        .execution_options(synchronize_session=False)
    )
    count = cast("sa.CursorResult[Any]", db.session().execute(again)).rowcount
    if count:
        audit.record("WEBHOOK_REPLAYED", resource_type="webhook", resource_id=webhook.id,
                     after={"since": since.isoformat(), "count": count})  # fmt: skip
        jobs.ring(BELL)
    return count


@dataclass(frozen=True)
class Health:
    """How the tenant's endpoints do. Counts of deliveries end at `COUNTED_AT_MOST`."""

    endpoints: int
    disabled: int
    """Off, for whatever reason."""
    failed_day: int
    """Deliveries given up in the last 24 hours."""
    waiting: int
    oldest: datetime | None
    """Since when the longest waiting one has been wanted."""


def health() -> Health:
    """Figures of the present tenant. One query."""
    row = WebhookDelivery
    waits = row.state.in_(STATES["waiting"])
    kept = sa.select(sa.func.count(Webhook.id)).where(Webhook.deleted_at.is_(None))
    recent = sa.and_(row.state == "dead", row.created_at > clock.now() - timedelta(days=1))
    return Health(
        *db.session()
        .execute(
            sa.select(
                kept.scalar_subquery(),
                kept.where(Webhook.disabled_at.is_not(None)).scalar_subquery(),
                _counted(recent),
                _counted(waits),
                sa.select(sa.func.min(row.created_at)).where(waits).scalar_subquery(),
            )
        )
        .one()
    )


def _counted(condition: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    some = sa.select(WebhookDelivery.id).where(condition).limit(COUNTED_AT_MOST).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()
