"""One endpoint and one delivery, made through the service."""

import sqlalchemy as sa

from app.features.webhooks import deliveries, service
from app.features.webhooks.models import Webhook, WebhookDelivery
from app.kernel import db


def make() -> tuple[Webhook, WebhookDelivery]:
    """An endpoint that is told everything, and the example of a new customer on its way there."""
    webhook, _secret = service.create("Marketing site", "https://site.example.com/hooks/panel")
    deliveries.send_test(webhook, "customer.created")
    waiting = sa.select(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook.id)
    return webhook, db.session().scalars(waiting).one()
