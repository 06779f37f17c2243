"""Callbacks that were stored by a process that died before it carried them out."""

from app.features.payments import callbacks
from app.kernel import db, schedule, tenancy


@schedule.scheduled("payments.callbacks", "* * * * *")
def carry_out_forgotten() -> None:
    """Carry them out, each in a transaction of its own."""
    with db.transaction(write=False):
        left = callbacks.forgotten()
    for tenant_id, callback_id in left:
        with tenancy.as_tenant(tenant_id), db.transaction():
            callbacks.carry_out(callback_id)
