"""What set-ups tell about customers."""

import sqlalchemy as sa

from app.features.provisioning.models import ProvisioningJob, ServiceAccess
from app.features.subscriptions.models import Subscription
from app.kernel.personal import Held

HELD = (
    Held(
        "set_ups",
        ProvisioningJob,
        ("created_at", "kind", "plan", "reason", "done_at", "cancelled_at", "cancel_reason"),
        of_customer=lambda who: ProvisioningJob.customer_id == who,
        erased=lambda: {"instructions": ""},
    ),
    Held(
        "accesses",
        ServiceAccess,
        of_customer=lambda who: ServiceAccess.subscription_id.in_(
            sa.select(Subscription.id).where(Subscription.customer_id == who)
        ),
        removed=True,
    ),
)
