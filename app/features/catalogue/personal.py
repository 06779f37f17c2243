"""What the catalogue tells about customers."""

from app.features.catalogue.models import PromoCodeUsage
from app.kernel.personal import Held

HELD = (
    Held(
        "promo_codes_used",
        PromoCodeUsage,
        ("discount_minor", "currency", "created_at"),
        of_customer=lambda who: PromoCodeUsage.customer_id == who,
        kept="It counts how often a code was used, and names nobody.",
    ),
)
