"""Logins whose time is over are removed daily at 02:00 in each tenant's time zone.

What staff did in somebody's place is ended within five minutes of its time, for the log.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.features.sessions import impersonation, service
from app.features.tenants.models import Tenant
from app.kernel import db, schedule, tenancy

HOUR = 2


@schedule.scheduled("sessions.remove-expired", "*/15 * * * *", title="Expired sign-ins")
def remove_expired(at: datetime) -> None:
    """Remove what was over at the last 02:00 of each tenant: a run that was missed is made good by the next."""
    with db.transaction(write=False) as session:
        tenants = session.execute(sa.select(Tenant.id, Tenant.time_zone)).all()
    for tenant_id, time_zone in tenants:
        with tenancy.as_tenant(tenant_id), db.transaction():
            service.remove_expired(last_night(at, time_zone))


@schedule.scheduled("sessions.end-impersonations", "*/5 * * * *", title="Views as customer that end")
def end_impersonations(at: datetime) -> None:
    """Say in the log that staff see the portal as somebody no more."""
    impersonation.end_what_is_over(at)


def last_night(at: datetime, time_zone: str) -> datetime:
    """The latest 02:00 of the zone's clocks that is not after `at`."""
    local = at.astimezone(ZoneInfo(time_zone))
    night = local.replace(hour=HOUR, minute=0, second=0, microsecond=0)
    return night if night <= local else night - timedelta(days=1)
