"""Letting go of pictures that nothing shows, and of bytes that no row speaks of."""

import sqlalchemy as sa

from app.features.files import service
from app.features.tenants.models import Tenant
from app.kernel import db, logs, schedule, tenancy

CHUNK = 100
_log = logs.get("files")


@schedule.scheduled("files.let-go", "17 4 * * *", title="Pictures that nothing shows")
def let_go() -> None:
    """Each tenant's, some at a time, so that no other write waits long; what is lost is said in the log."""
    with db.transaction(write=False) as session:
        tenants = session.scalars(sa.select(Tenant.id).order_by(Tenant.id)).all()
    for tenant_id in tenants:
        with tenancy.as_tenant(tenant_id):
            _let_go()


def _let_go() -> None:
    gone = CHUNK
    while gone == CHUNK:
        with db.transaction():
            gone = service.drop_unused(CHUNK)
    with db.transaction(write=False):
        service.drop_strays()
        lost = service.lost()
    if lost:
        _log.warning("files without bytes", count=lost)
