"""`/api/marketing-api/services`: one more for a customer, and how one stands."""

from uuid import UUID

from app.features.marketing import further
from app.features.marketing.api import READING, SCOPE, SELLING, collected_by_site
from app.features.marketing.schemas_services import ProvisionIn, ProvisionOut, ServiceRecordOut
from app.features.payments.service import ReferenceUsed
from app.features.subscriptions import service as subscriptions
from app.kernel.access import keyed
from app.kernel.api import ApiRoutes
from app.kernel.pages import principal

routes = ApiRoutes("marketing_services", prefix="/api/marketing-api/services", envelope=True, tag="Marketing site")


@routes.post("/provision", status=201, errors=(ReferenceUsed,), largest=16 * 1024)
@keyed(SCOPE, limits=SELLING)
def provision(body: ProvisionIn) -> ProvisionOut:
    """Sell a further service to a customer.

    Order, subscription and issued invoice. With `payment`, or with a key that collects payments, it is paid at once
    and set up; such a key's POST bears an `Idempotency-Key`.
    """
    placed = further.add_service(
        principal(),
        body.customer_id,
        plan=body.plan_id,
        cycle=body.billing_cycle,
        promo_code=body.promo_code or None,
        collected=collected_by_site(body.payment),
    )
    return ProvisionOut.of(placed)


@routes.get("/<uuid:subscription_id>")
@keyed(SCOPE, limits=READING)
def show(subscription_id: UUID) -> ServiceRecordOut:
    """How one service stands, and what its plan gives. Never how to get in."""
    return ServiceRecordOut.of(subscriptions.find(principal(), subscription_id))
