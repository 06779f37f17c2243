"""Erasing the people of tenants that were closed long enough ago."""

from collections.abc import Callable
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer, User
from app.features.accounts.personal import NOBODY
from app.features.privacy import erasing
from app.features.tenants import lifecycle
from app.kernel import db, jobs, schedule, tenancy

CHUNK = 200


@schedule.scheduled("operator.erase-closed", "11 4 * * *", title="Closed tenants")
def erase_closed() -> None:
    """Customers and people one by one, each whole or not at all: a run that is stopped goes on the next day."""
    with db.transaction(write=False):
        over = lifecycle.over()
    for tenant_id in over:
        with tenancy.as_tenant(tenant_id):
            _erase_all(
                sa.select(Customer.id).where(Customer.erased_at.is_(None)).order_by(Customer.id), erasing.erase_customer
            )
            _erase_all(sa.select(User.id).where(User.email != NOBODY).order_by(User.id), erasing.erase_person)
            if not jobs.stopping():
                with db.transaction():
                    erasing.erase_strangers()
                    lifecycle.mark_erased(tenant_id)


def _erase_all(wanted: sa.Select[UUID], erase: Callable[[UUID], int]) -> None:
    while not jobs.stopping():
        with db.transaction(write=False) as session:
            ids = session.scalars(wanted.limit(CHUNK)).all()
        for record_id in ids:
            with db.transaction():
                erase(record_id)
        if len(ids) < CHUNK:
            return
