"""What subscriptions tell about customers."""

from app.features.subscriptions.models import Subscription
from app.kernel.personal import Held

HELD = (
    Held(
        "subscriptions",
        Subscription,
        (
            "plan_name", "cycle", "price_minor", "currency", "status", "auto_renew", "period_start", "period_end",
            "external_ref", "suspended_at", "suspension_reason", "ends_at", "ended_at", "ending_reason", "created_at",
        ),
        of_customer=lambda who: Subscription.customer_id == who,
        kept="It belongs to the invoices, which the law wants kept, and names nobody.",
    ),
)  # fmt: skip
