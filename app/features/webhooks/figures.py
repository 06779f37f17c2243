"""How endpoints do: figures of a day, a state, and the trouble in a sentence."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.webhooks import service
from app.features.webhooks.models import Webhook, WebhookDelivery
from app.kernel import clock, db, words

LONGEST_SHOWN = 60
MOST_COUNTED = 5_000
"""The newest deliveries of a tenant that the figures of a day look at."""


class Lately(NamedTuple):
    """Deliveries of the last 24 hours, by endpoint and state; of very many only the newest were counted."""

    counts: dict[UUID, dict[str, int]]
    is_more: bool

    def said(self, webhook_id: UUID) -> tuple[str, str, str]:
        """Delivered, failed and waiting ones of an endpoint, in digits; `1,204+` where there are more."""
        by = self.counts.get(webhook_id, {})
        numbers = by.get("done", 0), by.get("dead", 0), by.get("waiting", 0) + by.get("leased", 0)
        delivered, failed, waiting = (f"{number:,}{'+' if self.is_more else ''}" for number in numbers)
        return delivered, failed, waiting


def lately() -> Lately:
    """One query, over the newest `MOST_COUNTED` of the day."""
    row = WebhookDelivery
    day = (
        sa.select(row.webhook_id, row.state)
        .where(row.created_at > clock.now() - timedelta(days=1))
        .order_by(row.created_at.desc())
        .limit(MOST_COUNTED)
        .subquery()
    )
    counted = sa.select(day.c.webhook_id, day.c.state, sa.func.count()).group_by(day.c.webhook_id, day.c.state)
    found: dict[UUID, dict[str, int]] = {}
    for webhook_id, state, count in db.session().execute(counted):
        found.setdefault(webhook_id, {})[state] = count
    return Lately(found, sum(sum(by.values()) for by in found.values()) >= MOST_COUNTED)


def state_of(webhook: Webhook) -> tuple[str, str]:
    """Tone and word."""
    if webhook.disabled_at is not None:
        return ("done", "Off") if webhook.disabled_reason == "by_hand" else ("bad", "Switched off")
    return ("warn", "Failing") if webhook.failing_since is not None else ("good", "On")


def trouble(webhook: Webhook, zone: str) -> tuple[str, str, str] | None:
    """Tone, title and text of what stands in the way; None when all is well."""
    if webhook.disabled_at is not None:
        since = words.exact(webhook.disabled_at, zone)
        why = {
            "by_hand": "Somebody switched it off.",
            "gone": "It answered 410: gone for good.",
            "failing": "It only failed for five days.",
        }[webhook.disabled_reason]
        text = f"{why} What happens meanwhile is not told to it; what failed before can be sent again."
        return "warn" if webhook.disabled_reason == "by_hand" else "bad", f"Off since {since}.", text
    if webhook.failing_since is not None:
        since = words.exact(webhook.failing_since, zone)
        return "warn", f"Failing since {since}.", "After five days without a success it is switched off by itself."
    return None


def facts(webhook: Webhook, zone: str) -> list[tuple[str, str]]:
    """What the endpoint is."""
    own = ", ".join(sorted(service.headers_of(webhook)))
    both = webhook.previous_until if _is_rotating(webhook.previous_until) else None
    return [
        ("Address", webhook.url),
        ("It is told", ", ".join(webhook.events) or "Everything"),
        ("Own headers", f"{own} (values kept secret)" if own else "None"),
        ("Tries again", "Up to 11 times within two days" if webhook.retry_enabled else "Never"),
        ("Secret", f"Two valid until {words.exact(both, zone)}" if both else "One valid"),
        ("Made", f"{words.exact(webhook.created_at, zone)}{'' if webhook.created_by else ', by a key'}"),
    ]


def _is_rotating(until: datetime | None) -> bool:
    return until is not None and until > clock.now()


def shown(url: str) -> str:
    """An address short enough for a table."""
    return url if len(url) <= LONGEST_SHOWN else f"{url[: LONGEST_SHOWN - 1]}…"
