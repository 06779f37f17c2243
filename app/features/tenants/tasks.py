"""Hearing that settings were changed by another process; letting old parts of the audit log go, each night."""

from datetime import timedelta

import sqlalchemy as sa

from app.features.audit import retention
from app.features.tenants import mailing
from app.features.tenants.models import Tenant
from app.features.tenants.service import BELL
from app.kernel import clock, db, jobs, schedule, tenancy


@jobs.bell(BELL)
def forget() -> None:
    """Drop what this process remembers of tenants, so that the next mail leaves as was just set."""
    mailing.forget()


@schedule.scheduled("audit.release", "17 3 * * *", title="Old rows of the audit log")
def release_audit() -> None:
    """Drop the sealed segments that a tenant keeps no longer."""
    with db.transaction(write=False) as session:
        wanted = sa.select(Tenant.id, Tenant.audit_kept_years).where(Tenant.audit_kept_years.is_not(None))
        tenants = [(row.id, row.audit_kept_years or 0) for row in session.execute(wanted.order_by(Tenant.id))]
    for tenant_id, years in tenants:
        with tenancy.as_tenant(tenant_id):
            retention.release(clock.now() - timedelta(days=366 * years))
