"""Callbacks that a process that died has left, and those whose payment never came."""

import sqlalchemy as sa

from app.features.payments import callbacks
from app.features.tenants.models import Tenant
from app.kernel import db, schedule, tenancy


@schedule.scheduled("payments.callbacks", "* * * * *")
def carry_out_forgotten() -> None:
    """Carry them out, each in a transaction of its own."""
    with db.transaction(write=False):
        left = callbacks.forgotten()
    for tenant_id, callback_id in left:
        with tenancy.as_tenant(tenant_id), db.transaction():
            callbacks.carry_out(callback_id)


@schedule.scheduled("payments.forsaken", "41 * * * *")
def flag_forsaken() -> None:
    """Show the staff of each tenant what has waited too long."""
    with db.transaction(write=False) as session:
        tenants = session.scalars(sa.select(Tenant.id)).all()
    for tenant_id in tenants:
        with tenancy.as_tenant(tenant_id), db.transaction():
            callbacks.flag_forsaken()
