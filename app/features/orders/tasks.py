"""What is not paid within 14 days is cancelled."""

import sqlalchemy as sa

from app.features.billing.voiding import NotVoidable
from app.features.orders import cancelling
from app.features.orders.cancelling import NotPending
from app.features.orders.models import Order
from app.features.tenants.models import Tenant
from app.kernel import db, logs, schedule, tenancy

_log = logs.get("orders")


@schedule.scheduled("orders.cancel-unpaid", "23 * * * *")
def cancel_unpaid() -> None:
    """Cancel them tenant by tenant, each in a transaction of its own: one that was paid meanwhile stops no other."""
    with db.transaction(write=False) as session:
        tenants = session.scalars(sa.select(Tenant.id)).all()
    for tenant_id in tenants:
        with tenancy.as_tenant(tenant_id):
            with db.transaction(write=False):
                found = cancelling.overdue()
            for order_id in found:
                try:
                    with db.transaction() as session:
                        cancelling.cancel(session.get_one(Order, order_id), reason=cancelling.REASON)
                except (NotPending, NotVoidable) as moved:
                    _log.info("order not cancelled", order=str(order_id), reason=moved.code)
