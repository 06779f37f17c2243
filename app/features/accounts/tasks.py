"""Password links that people have asked for; sign-ups that nobody confirmed."""

from datetime import datetime

import sqlalchemy as sa

from app.features.accounts import requests, sign_up
from app.features.accounts.models import PasswordRequest
from app.features.tenants.models import Tenant
from app.kernel import db, jobs, outbox, schedule, tenancy
from app.kernel.outbox import Claimed


@jobs.bell("password-requests")
def answer_requests() -> None:
    """See to everybody who has asked for a link."""
    outbox.drain(PasswordRequest, _answer)


def _answer(row: Claimed) -> None:
    with db.transaction() as session:
        request = session.get_one(PasswordRequest, row.id)
        email_key, is_staff = request.email_key, request.is_staff
        if not outbox.finish(row):
            return
        session.execute(sa.delete(PasswordRequest).where(PasswordRequest.id == row.id))
        requests.answer_request(email_key, is_staff=is_staff)


@schedule.scheduled("accounts.remove-sign-ups", "40 3 * * *", title="Unfinished sign-ups")
def remove_sign_ups(at: datetime) -> None:
    """Forget sign-ups that are a week old."""
    with db.transaction(write=False) as session:
        tenant_ids = session.scalars(sa.select(Tenant.id)).all()
    for tenant_id in tenant_ids:
        with tenancy.as_tenant(tenant_id), db.transaction():
            sign_up.remove_old(at)
