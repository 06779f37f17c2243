"""What invitations tell about people."""

from app.features.people.models import Invitation
from app.kernel.personal import Held

HELD = (
    Held(
        "invitations",
        Invitation,
        ("email", "role", "created_at", "delivered_at", "used_at", "revoked_at"),
        of_customer=lambda who: Invitation.customer_id == who,
        of_person=lambda who: Invitation.accepted_by == who,
        removed=True,
        has_keys=True,
    ),
)
