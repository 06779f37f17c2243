"""Making copies, erasing, and letting go of what is kept no longer."""

from datetime import timedelta
from typing import Any, cast

import sqlalchemy as sa

from app.features.accounts.models import Customer, User
from app.features.messages import service as messages
from app.features.messages.models import EmailMessage
from app.features.privacy import copies, erasing, service
from app.features.privacy.models import DataCopy, DataCopyPart, Erasure
from app.features.tenants.models import Tenant
from app.kernel import clock, db, jobs, logs, outbox, schedule, tenancy
from app.kernel.outbox import Claimed

LEASE_SECONDS = 60
CHUNK = 500
_log = logs.get("privacy")


@jobs.bell(service.COPIES)
def make_copies() -> None:
    """Make every copy that is asked for, one after the other."""
    outbox.drain(DataCopy, _make, limit=1, lease_seconds=LEASE_SECONDS)


def _make(claimed: Claimed) -> None:
    done = copies.make(claimed.id, renew=lambda: outbox.renew(claimed, LEASE_SECONDS))
    if done is None:
        return
    records, size = done
    with db.transaction() as session:
        until = clock.now() + service.KEPT
        if outbox.finish(claimed, records=records, byte_count=size, finished_at=clock.now(), expires_at=until):
            asker = session.get_one(User, session.get_one(DataCopy, claimed.id).asked_by)
            messages.queue(
                "data_ready", to_user=asker, subject_type="data_copy", subject_id=claimed.id, fact=claimed.id
            )


@jobs.bell(service.ERASURES)
def carry_out() -> None:
    """Erase whoever is to be erased."""
    outbox.drain(Erasure, _erase, limit=1, lease_seconds=LEASE_SECONDS)


def _erase(claimed: Claimed) -> None:
    with db.transaction() as session:
        wish = session.get_one(Erasure, claimed.id)
        found = service.obstacles(wish.customer_id) if wish.customer_id is not None else []
        if found:
            outbox.dead(claimed, f"First: {', '.join(found)}.")
            return
        if wish.customer_id is not None:
            touched = erasing.erase_customer(wish.customer_id)
        else:
            assert wish.user_id is not None
            touched = erasing.erase_person(wish.user_id)
        outbox.finish(claimed, done_at=clock.now(), touched=touched)


@schedule.scheduled("privacy.let-go", "41 3 * * *", title="Old personal data")
def let_go() -> None:
    """Drop copies that are over, and what each tenant keeps no longer: mails, and customers that closed long ago."""
    with db.transaction(write=False) as session:
        tenants = session.execute(
            sa.select(Tenant.id, Tenant.keep_mails_days, Tenant.keep_closed_days).order_by(Tenant.id)
        ).all()
    for tenant_id, mails, closed in tenants:
        with tenancy.as_tenant(tenant_id):
            _drop_copies()
            if mails is not None:
                _drop_mails(mails)
            if closed is not None:
                _erase_closed(closed)


def _drop_copies() -> None:
    with db.transaction() as session:
        over = sa.select(DataCopy.id).where(DataCopy.expires_at <= clock.now(), DataCopy.state != "leased")
        ids = session.scalars(over.limit(CHUNK)).all()
        if ids:
            session.execute(sa.delete(DataCopyPart).where(DataCopyPart.copy_id.in_(ids)))
            session.execute(sa.delete(DataCopy).where(DataCopy.id.in_(ids)))


def _drop_mails(days: int) -> None:
    """Mails that are settled for so long, some hundred at a time, so that no other write waits long."""
    before = clock.now() - timedelta(days=days)
    while True:
        with db.transaction() as session:
            old = sa.select(EmailMessage.id).where(
                EmailMessage.created_at < before, EmailMessage.state.in_(("done", "kept", "dead"))
            )
            ids = session.scalars(old.order_by(EmailMessage.created_at).limit(CHUNK)).all()
            gone = session.execute(sa.delete(EmailMessage).where(EmailMessage.id.in_(ids))) if ids else None
        if gone is None or cast("sa.CursorResult[Any]", gone).rowcount < CHUNK:
            return


def _erase_closed(days: int) -> None:
    """Customers that closed so long ago, each in a transaction of its own: one that cannot go stops no other."""
    with db.transaction(write=False) as session:
        before = clock.now() - timedelta(days=days)
        closed = sa.select(Customer.id).where(
            Customer.status == "closed",
            Customer.merged_at.is_(None),  # with the one that it was merged into, and not before
            Customer.erased_at.is_(None),
            Customer.closed_at < before,
        )
        ids = session.scalars(closed.order_by(Customer.id).limit(CHUNK)).all()
    for customer_id in ids:
        with db.transaction():
            found = service.obstacles(customer_id)
            if found:
                _log.warning("closed customer not erased", customer=str(customer_id), reason=", ".join(found))
            else:
                service.erase_by_rule(customer_id)
