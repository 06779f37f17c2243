"""Endpoints and deliveries, made as tests need them."""

from typing import Any

import sqlalchemy as sa

from app.features.accounts.events import CustomerUpdated
from app.features.webhooks import deliveries, service, tasks
from app.features.webhooks.models import Webhook, WebhookDelivery
from app.kernel import db, outbox, tenancy
from app.kernel.ids import new_id


def make_webhook(url: str = "https://site.example/hook", *, name: str = "Site", **given: Any) -> tuple[Webhook, str]:
    """An endpoint that is told everything, and its secret."""
    return service.create(name, url, **given)


def tell(count: int = 1) -> list[WebhookDelivery]:
    """Let something happen, so many times; the deliveries that came of it, oldest first."""
    before = set(db.session().scalars(sa.select(WebhookDelivery.id)))
    for _ in range(count):
        deliveries.fan_out(CustomerUpdated(new_id(), ["city"]))
    rows = db.session().scalars(sa.select(WebhookDelivery).order_by(WebhookDelivery.id))
    return [row for row in rows if row.id not in before]


def deliver_due() -> int:
    """Do what the worker's hands do with all that is due, one after another; how many were tried."""
    tried = 0
    while claimed := outbox.claim(WebhookDelivery, limit=10, lease_seconds=60):
        for one in claimed:
            with tenancy.as_tenant(one.tenant_id):
                tasks.attempt(one)
            tried += 1
    return tried


def read(delivery: WebhookDelivery) -> WebhookDelivery:
    """The delivery as it stands in the store now."""
    return db.session().get_one(WebhookDelivery, delivery.id, populate_existing=True)


def read_webhook(webhook: Webhook) -> Webhook:
    """The endpoint as it stands in the store now."""
    return db.session().get_one(Webhook, webhook.id, populate_existing=True)
