"""Asking for copies and for erasure, and finding both."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import merged
from app.features.accounts.models import Customer, User
from app.features.audit import service as audit
from app.features.billing.models import Invoice
from app.features.privacy.models import CUSTOMER, PERSON, TENANT, DataCopy, Erasure
from app.features.subscriptions.models import Subscription
from app.kernel import clock, crypto, db, jobs, outbox, tenancy
from app.kernel.access import Impersonating, Principal, Role
from app.kernel.errors import Conflict, NotFound

COPIES, ERASURES = "data_copies", "erasures"
"""Bells."""
KEPT = timedelta(days=7)
"""How long a copy can be fetched."""
MOST_AT_ONCE = 3
"""Copies of one person that may be on their way."""
ANSWERED_WITHIN = timedelta(days=30)
"""When a wish to be erased has to be answered (GDPR, article 12)."""


def ask_copy(who: Principal, kind: str, subject_id: UUID) -> DataCopy:
    """Have a copy made of what is held about a person, a customer or a tenant. Whose it may be is the door's to say.

    Raises:
        Conflict: some are on their way already.
    """
    assert who.user_id is not None and kind in {PERSON, CUSTOMER, TENANT}
    db.session().execute(sa.select(User.id).where(User.id == who.user_id).with_for_update())
    running = sa.select(sa.func.count(DataCopy.id)).where(
        DataCopy.asked_by == who.user_id, DataCopy.state.in_(("waiting", "leased"))
    )
    if db.session().execute(running).scalar_one() >= MOST_AT_ONCE:
        raise Conflict("Copies are being made for you already. Wait for one of them.", code="copies_running")
    made = DataCopy(
        kind=kind,
        subject_id=subject_id,
        asked_by=who.user_id,
        sealed_key=crypto.seal(crypto.new_data_key()),
        expires_at=clock.now() + KEPT,
    )
    db.session().add(made)
    db.session().flush()
    audit.record(
        "DATA_EXPORTED", resource_type=_type(kind), resource_id=subject_id, after={"what": f"copy of a {kind}"}
    )
    jobs.ring(COPIES)
    return made


def _type(kind: str) -> str:
    return "user" if kind == PERSON else kind


def find_copy(who: Principal, copy_id: UUID) -> DataCopy:
    """A copy that `who` asked for. Nobody else finds it, nor who has lost the role that it needed.

    Raises:
        Impersonating: it is a member of staff in the person's place.
        NotFound: absent, somebody else's, not theirs any more, or over.
    """
    if who.is_impersonated:
        raise Impersonating()
    wanted = sa.select(DataCopy).where(
        DataCopy.id == copy_id, DataCopy.asked_by == who.user_id, DataCopy.expires_at > clock.now()
    )
    found = db.session().scalars(wanted).one_or_none()
    if found is None or who.user_id is None or not _may_have(who, found.kind):
        raise NotFound()
    return found


def _may_have(who: Principal, kind: str) -> bool:
    if kind == PERSON:
        return True
    if who.staff_role is not None:
        return who.staff_role >= (Role.ADMIN if kind == CUSTOMER else Role.OWNER)
    return kind == CUSTOMER and who.customer_role is not None and who.customer_role >= Role.ADMIN


def copies_for(who: Principal, *, subject_id: UUID | None = None, limit: int = 20) -> Sequence[DataCopy]:
    """The copies that `who` asked for and that can still be fetched, the newest first."""
    wanted = sa.select(DataCopy).where(DataCopy.asked_by == who.user_id, DataCopy.expires_at > clock.now())
    if subject_id is not None:
        wanted = wanted.where(DataCopy.subject_id == subject_id)
    return db.session().scalars(wanted.order_by(DataCopy.created_at.desc(), DataCopy.id.desc()).limit(limit)).all()


def obstacles(customer_id: UUID) -> list[str]:
    """What has to end before the customer can be erased."""
    found = []
    running = sa.select(sa.func.count(Subscription.id)).where(
        Subscription.customer_id == customer_id, Subscription.ended_at.is_(None)
    )
    owed = sa.select(sa.func.count(Invoice.id)).where(
        merged.whose(Invoice.customer_id, customer_id), Invoice.status == "issued"
    )
    services, invoices = (db.session().execute(wanted).scalar_one() for wanted in (running, owed))
    if services:
        found.append(f"{services} service{'s' if services > 1 else ''} still to be ended")
    if invoices:
        found.append(f"{invoices} invoice{'s' if invoices > 1 else ''} still open")
    return found


def ask_erasure(who: Principal, customer: Customer) -> Erasure:
    """Somebody of the customer wants all of it forgotten; staff look at it within `ANSWERED_WITHIN`.

    Raises:
        Merged: the customer was merged into another one meanwhile.
        Conflict: that was asked already, or it is done.
    """
    return _wish(customer, asked_by=who.user_id, state="kept")


def erase_now(who: Principal, customer: Customer) -> Erasure:
    """Staff have it done. The worker does it within seconds.

    Raises:
        Merged: the customer was merged into another one meanwhile.
        Conflict: it is asked for already, done, or something stands in the way.
    """
    _refuse_obstacles(customer.id)
    return _wish(customer, asked_by=who.user_id, state="waiting")


def erase_by_rule(customer_id: UUID) -> None:
    """Have a customer erased that closed as long ago as the house keeps them. Nothing when that is under way."""
    found = db.session().get_one(Customer, customer_id)
    if open_erasure(customer_id) is None:
        _wish(found, asked_by=None, state="waiting")


def _wish(customer: Customer, *, asked_by: UUID | None, state: str) -> Erasure:
    locked = sa.select(Customer).where(Customer.id == customer.id).with_for_update()
    found = db.session().scalars(locked.execution_options(populate_existing=True)).one()
    if found.merged_at is not None:
        raise merged.refusal_of(found)
    if found.erased_at is not None or open_erasure(customer.id) is not None:
        raise Conflict("This is asked for already.", code="erasure_open")
    wish = Erasure(customer_id=customer.id, asked_by=asked_by, state=state)
    if state == "waiting":
        wish.decided_by = asked_by
        jobs.ring(ERASURES)
    db.session().add(wish)
    db.session().flush()
    audit.record("ERASURE_ASKED", resource_type="customer", resource_id=customer.id, after={"state": wish.stage})
    return wish


def _refuse_obstacles(customer_id: UUID) -> None:
    found = obstacles(customer_id)
    if found:
        raise Conflict(f"First: {', '.join(found)}.", code="erasure_blocked")


def open_erasure(customer_id: UUID) -> Erasure | None:
    """The wish of this customer that is not settled, if there is one."""
    wanted = sa.select(Erasure).where(
        Erasure.customer_id == customer_id, Erasure.done_at.is_(None), Erasure.refused_at.is_(None)
    )
    return db.session().scalars(wanted.limit(1)).one_or_none()


def find_erasure(erasure_id: UUID) -> Erasure:
    """A wish, for staff, locked.

    Raises:
        NotFound: there is none.
    """
    found = db.session().scalars(sa.select(Erasure).where(Erasure.id == erasure_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound()
    return found


def approve(who: Principal, wish: Erasure) -> None:
    """Have the worker do what was asked for.

    Raises:
        Conflict: it is settled, or something stands in the way.
    """
    if wish.stage not in {"asked", "failed"} or wish.customer_id is None:
        raise Conflict("This is settled already.", code="erasure_settled")
    _refuse_obstacles(wish.customer_id)
    wish.decided_by = who.user_id
    db.session().flush()
    outbox.revive(Erasure, wish.id)
    audit.record("ERASURE_APPROVED", resource_type="customer", resource_id=wish.customer_id)
    jobs.ring(ERASURES)


def refuse(who: Principal, wish: Erasure, *, reason: str) -> None:
    """Say no, and why.

    Raises:
        Conflict: it is settled.
    """
    if wish.stage != "asked":
        raise Conflict("This is settled already.", code="erasure_settled")
    wish.decided_by, wish.refused_at, wish.refusal, wish.state = who.user_id, clock.now(), reason, "done"
    audit.record("ERASURE_REFUSED", resource_type="customer", resource_id=wish.customer_id, after={"reason": reason})


def erasures(limit: int = 100) -> list[tuple[Erasure, str]]:
    """The wishes with what the customer is called, open ones first, then the newest."""
    is_open = sa.case((sa.and_(Erasure.done_at.is_(None), Erasure.refused_at.is_(None)), 0), else_=1)
    wanted = (
        sa.select(Erasure, Customer)
        .join(Customer, Customer.id == Erasure.customer_id)
        .order_by(is_open, Erasure.created_at.desc(), Erasure.id.desc())
        .limit(limit)
    )
    return [(wish, customer.title) for wish, customer in db.session().execute(wanted)]


def whole_tenant(who: Principal) -> DataCopy:
    """Have a copy made of everything of the tenant that is set."""
    return ask_copy(who, TENANT, tenancy.current())
