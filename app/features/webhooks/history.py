"""The list of deliveries, and how its states are said."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.features.webhooks import topics
from app.features.webhooks.deliveries import STATES
from app.features.webhooks.models import Webhook, WebhookDelivery
from app.kernel.lists import Choice, Exact, Join, Listing, Since, Sort, Until

TONES = {
    "waiting": ("info", "Waiting"),
    "leased": ("busy", "Sending"),
    "done": ("good", "Delivered"),
    "dead": ("bad", "Failed"),
    "kept": ("warn", "Kept"),
}
"""Tone and word for each state of the outbox."""
TRYING_AGAIN = ("warn", "Trying again")


class Line(NamedTuple):
    """One delivery in a list."""

    id: UUID
    event: str
    webhook_id: UUID
    endpoint: str
    state: str
    attempts: int
    response_status: int | None
    last_error: str | None
    duration_ms: int | None
    is_test: bool
    created_at: datetime


DELIVERIES = Listing(
    name="webhook-deliveries",
    here="/admin/integrations/webhooks/deliveries",
    model=WebhookDelivery,
    columns=(
        WebhookDelivery.id,
        WebhookDelivery.event,
        WebhookDelivery.webhook_id,
        Webhook.name,
        WebhookDelivery.state,
        WebhookDelivery.attempts,
        WebhookDelivery.response_status,
        WebhookDelivery.last_error,
        WebhookDelivery.duration_ms,
        WebhookDelivery.is_test,
        WebhookDelivery.created_at,
    ),
    row=Line,
    joins=(Join(Webhook, Webhook.id == WebhookDelivery.webhook_id),),
    filters=(
        Choice("state", {word: WebhookDelivery.state.in_(states) for word, states in STATES.items()}),
        Exact("endpoint", WebhookDelivery.webhook_id),
        Exact("event", WebhookDelivery.event),
        Since("from", WebhookDelivery.created_at),
        Until("to", WebhookDelivery.created_at),
    ),
    sorts={
        "newest": Sort("Newest first", WebhookDelivery.created_at, is_falling=True),
        "oldest": Sort("Oldest first", WebhookDelivery.created_at),
    },
)


def event_choices() -> list[tuple[str, str]]:
    """What the filter of events offers."""
    return [("", "Any"), *((name, name) for name in topics.offered())]


def tone_of(state: str, attempts: int) -> tuple[str, str]:
    """How a delivery does. One that waits after a failure says so."""
    return TRYING_AGAIN if state == "waiting" and attempts else TONES[state]
