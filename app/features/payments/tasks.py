"""Callbacks that a process that died has left, and those whose payment never came."""

from uuid import UUID

import sqlalchemy as sa

from app.features.payments import callbacks
from app.features.tenants.models import Tenant
from app.kernel import db, one_by_one, schedule, tenancy


@schedule.scheduled("payments.callbacks", "* * * * *", title="Payment callbacks")
def carry_out_forgotten() -> None:
    """Carry them out, each in a transaction of its own.

    Raises:
        SomeFailed: some cannot be; they stay stored and are tried again at the next run.
    """
    with db.transaction(write=False):
        left = callbacks.forgotten()
    one_by_one.each(left, _carry_out, what="callbacks")


def _carry_out(forgotten: tuple[UUID, UUID]) -> None:
    tenant_id, callback_id = forgotten
    with tenancy.as_tenant(tenant_id), db.transaction():
        callbacks.carry_out(callback_id)


@schedule.scheduled("payments.forsaken", "41 * * * *", title="Payments left unfinished")
def flag_forsaken() -> None:
    """Show the staff of each tenant what has waited too long."""
    with db.transaction(write=False) as session:
        tenants = session.scalars(sa.select(Tenant.id)).all()
    one_by_one.each(tenants, _flag_forsaken, what="tenants")


def _flag_forsaken(tenant_id: UUID) -> None:
    with tenancy.as_tenant(tenant_id), db.transaction():
        callbacks.flag_forsaken()
