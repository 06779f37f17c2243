"""What payments tell about customers."""

from app.features.payments.models import Payment
from app.kernel.personal import Held

HELD = (
    Held(
        "payments",
        Payment,
        (
            "gateway", "reference", "amount_minor", "currency", "status", "note", "received_at", "credited_minor",
            "refunded_minor", "refunded_at", "disputed_at",
        ),
        of_customer=lambda who: Payment.customer_id == who,
        kept="Payments are kept as long as the law on bookkeeping says.",
    ),
)  # fmt: skip
