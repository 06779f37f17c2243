"""What the history of deliveries tells about customers and people: their ids stand in the bodies."""

from app.features.webhooks.models import WebhookDelivery
from app.kernel.personal import Held

HELD = (
    Held(
        "deliveries",
        WebhookDelivery,
        of_customer=lambda who: WebhookDelivery.body.contains(str(who)),
        of_person=lambda who: WebhookDelivery.body.contains(str(who)),
        removed=True,
    ),
)
