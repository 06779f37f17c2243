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


def in_house(tag: str) -> None:
    """Three endpoints called after `tag`, one of them off; of two deliveries to the first, one was given up."""
    on, _secret = service.create(f"{tag} site", f"https://{tag}.example.com/hooks")
    off, _secret = service.create(f"{tag} off", f"https://{tag}.example.com/off", is_restricted=True)
    service.create(f"{tag} key", f"https://{tag}.example.com/key", is_restricted=True)
    deliveries.send_test(on, "customer.created")
    deliveries.send_test(on, "customer.created")
    db.session().flush()
    service.switch_off(off.id, reason="by_hand")
    newest = sa.select(WebhookDelivery).where(WebhookDelivery.webhook_id == on.id).order_by(WebhookDelivery.id)
    given_up = db.session().scalars(newest.limit(1)).one()
    given_up.state, given_up.attempts, given_up.response_body = "dead", 3, f"No room for {tag}"
    given_up.settled_at = given_up.created_at
