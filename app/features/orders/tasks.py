"""What is not paid within 14 days is cancelled."""

from collections.abc import Iterable, Iterator
from uuid import UUID

import sqlalchemy as sa

from app.features.billing.voiding import NotVoidable
from app.features.orders import cancelling
from app.features.orders.cancelling import NotPending
from app.features.orders.models import Order
from app.features.tenants.models import Tenant
from app.kernel import db, logs, one_by_one, schedule, tenancy

_log = logs.get("orders")


@schedule.scheduled("orders.cancel-unpaid", "23 * * * *", title="Unpaid orders")
def cancel_unpaid() -> None:
    """Cancel them, each in a transaction of its own: one that was paid meanwhile, or that fails, stops no other.

    Raises:
        SomeFailed: some could not be cancelled; they are tried again at the next run.
    """
    with db.transaction(write=False) as session:
        tenants = session.scalars(sa.select(Tenant.id)).all()
    one_by_one.each(_overdue(tenants), _cancel, what="orders")


def _overdue(tenants: Iterable[UUID]) -> Iterator[tuple[UUID, UUID]]:
    """Tenant and id of each order that was waited for long enough."""
    for tenant_id in tenants:
        with tenancy.as_tenant(tenant_id), db.transaction(write=False):
            found = cancelling.overdue()
        yield from ((tenant_id, order_id) for order_id in found)


def _cancel(overdue: tuple[UUID, UUID]) -> None:
    tenant_id, order_id = overdue
    try:
        with tenancy.as_tenant(tenant_id), db.transaction() as session:
            cancelling.cancel(session.get_one(Order, order_id), reason=cancelling.REASON)
    except (NotPending, NotVoidable) as moved:
        _log.info("order not cancelled", order=str(order_id), reason=moved.code)
