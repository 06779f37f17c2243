"""Keeping the figures: what counts is written once, with what happened, and folded into its day later."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from app.features.billing.events import InvoiceIssued
from app.features.catalogue.cycles import CYCLES
from app.features.dashboard.models import FIGURES, DailyFigure, FigureDelta, HiddenChecklist, Movement
from app.features.orders.events import CustomerCreated, OrderCreated
from app.features.payments.events import PaymentRefunded, PaymentSucceeded
from app.features.subscriptions.models import Subscription
from app.features.tenants import service as tenants
from app.kernel import clock, db, tenancy
from app.kernel.events import Event
from app.kernel.ids import new_id
from app.kernel.money import half_up

REVENUE, INVOICED, CUSTOMERS, ORDERS = "revenue", "invoiced", "customers", "orders"
MRR, SERVICES, BEGUN, ENDED = "mrr", "services", "services_begun", "services_ended"
KIND_FIGURES = {
    "new": "mrr_new",
    "expansion": "mrr_expansion",
    "contraction": "mrr_contraction",
    "churn": "mrr_churn",
}
"""The figure of each kind of movement; together they are `mrr`, and those of losses are below zero."""
LEVELS = (MRR, SERVICES, CUSTOMERS)
"""Figures that are changes: the sum of all days is how much there is."""

FROM_CREDIT = "credit"
"""The gateway that moves no money."""
FOLDED_AT_ONCE = 5_000
"""Rows of one transaction: on SQLite nobody else writes meanwhile."""
WRITTEN_AT_ONCE = 500

Key = tuple[date, str, str]
"""Day, name, currency (empty for what is counted)."""


def on_invoice_issued(event: InvoiceIssued) -> None:
    """Count what was asked for."""
    keep(INVOICED, event.amount_minor, event.currency)


def on_payment_succeeded(event: PaymentSucceeded) -> None:
    """Count money that came in. Paying with credit brings none: it came in before."""
    if event.gateway != FROM_CREDIT:
        keep(REVENUE, event.amount_minor, event.currency)


def on_payment_refunded(event: PaymentRefunded) -> None:
    """Count money that went back."""
    if event.gateway != FROM_CREDIT:
        keep(REVENUE, -event.amount_minor, event.currency)


def on_customer_created(_event: CustomerCreated) -> None:
    """Count somebody new."""
    keep(CUSTOMERS, 1)


def on_order_created(_event: OrderCreated) -> None:
    """Count a sale."""
    keep(ORDERS, 1)


def on_subscription(event: Event) -> None:
    """Write down how a subscription's change moved the monthly revenue.

    Asks the subscription, not the event: the same news twice changes nothing.
    """
    subscription = db.session().get(Subscription, event.resource_id)
    assert subscription is not None
    kept = sa.select(sa.func.sum(Movement.monthly_minor), sa.func.sum(Movement.services)).where(
        Movement.subscription_id == subscription.id
    )
    monthly, services = db.session().execute(kept).one()
    found = movement(subscription, clock.now(), before=int(monthly or 0), was_running=bool(services))
    if found is None:
        return
    db.session().add(found)
    db.session().flush()
    for name, amount, currency in figures_of(found.kind, found.monthly_minor, found.services, found.currency):
        keep(name, amount, currency)


def movement(subscription: Subscription, at: datetime, *, before: int, was_running: bool) -> Movement | None:
    """What changed since `before`, the amount it brought in by the month; None when nothing did."""
    is_running = subscription.status == "active"
    change = (monthly_minor(subscription.price_minor, subscription.cycle) if is_running else 0) - before
    if is_running != was_running:
        kind = "new" if is_running else "churn"
    elif change:
        kind = "expansion" if change > 0 else "contraction"
    else:
        return None
    return Movement(
        subscription_id=subscription.id,
        kind=kind,
        happened_at=at,
        monthly_minor=change,
        services=int(is_running) - int(was_running),
        currency=subscription.currency,
    )


def monthly_minor(price_minor: int, cycle: str) -> int:
    """What a price brings in by the month, half up; nothing for what is paid once."""
    months = CYCLES[cycle]
    return half_up(Fraction(price_minor, months)) if months else 0


def figures_of(kind: str, change_minor: int, services: int, currency: str) -> list[tuple[str, int, str]]:
    """The figures that one movement adds to: name, amount, currency."""
    found = [(MRR, change_minor, currency), (KIND_FIGURES[kind], change_minor, currency), (SERVICES, services, "")]
    if services:
        found.append((BEGUN if services > 0 else ENDED, 1, ""))
    return [one for one in found if one[1]]


def keep(name: str, amount: int, currency: str = "") -> None:
    """Add to a figure of today, in the running transaction. Rows are only added: nobody waits for anybody."""
    today = day_of(clock.now(), tenants.current().time_zone)
    db.session().add(FigureDelta(day=today, name=name, currency=currency, amount=amount))


def day_of(moment: datetime, zone: str) -> date:
    """The day of a moment by the clocks of `zone`."""
    return moment.astimezone(_zone(zone)).date()


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def fold() -> int:
    """Move what was written so far into the days' sums, over all tenants; the number of rows moved.

    Each transaction takes rows away and adds them in one, so that a killed
    worker, or two of them, count nothing twice and lose nothing.
    """
    moved = 0
    while True:
        with tenancy.across_tenants("schedule"), db.transaction(write=False) as session:
            if session.scalar(sa.select(FigureDelta.id).limit(1)) is None:
                return moved
        with tenancy.across_tenants("schedule"), db.transaction():
            moved += _fold_some()


def _fold_some() -> int:
    some = sa.select(FigureDelta.id).order_by(FigureDelta.id).limit(FOLDED_AT_ONCE)
    taken = (
        sa.delete(FigureDelta)
        .where(FigureDelta.id.in_(some.scalar_subquery()))
        .returning(FigureDelta.tenant_id, FigureDelta.day, FigureDelta.name, FigureDelta.currency, FigureDelta.amount)
    )
    rows = db.session().execute(taken, execution_options={"synchronize_session": False}).all()
    sums: dict[UUID, Counter[Key]] = {}
    for tenant_id, day, name, currency, amount in rows:
        sums.setdefault(tenant_id, Counter())[day, name, currency] += amount
    for tenant_id in sorted(sums):
        add_days(tenant_id, sums[tenant_id])
    return len(rows)


def add_days(tenant_id: UUID, sums: Mapping[Key, int]) -> None:
    """Add to the sums of days, many at once: for folding, rebuilding and loading in bulk."""
    insert: Any = postgresql.insert(DailyFigure) if db.is_postgresql() else sqlite.insert(DailyFigure)
    upsert = insert.on_conflict_do_update(
        index_elements=["tenant_id", "day", "currency"],
        set_={name: getattr(DailyFigure, name) + insert.excluded[name] for name in FIGURES},
    )
    rows = _rows(tenant_id, sums)
    for begin in range(0, len(rows), WRITTEN_AT_ONCE):
        db.session().execute(upsert, rows[begin : begin + WRITTEN_AT_ONCE])


def _rows(tenant_id: UUID, sums: Mapping[Key, int]) -> list[dict[str, Any]]:
    """One row for each day and currency, in an order that is the same for everybody who writes them."""
    now, nothing = clock.now(), dict.fromkeys(FIGURES, 0)
    found: dict[tuple[date, str], dict[str, Any]] = {}
    for (day, name, currency), amount in sums.items():
        row = found.setdefault((day, currency), {"day": day, "currency": currency, **nothing})
        row[name] += amount
    return [
        {"id": new_id(), "created_at": now, "tenant_id": tenant_id, **found[key]}
        for key in sorted(found)
        if any(found[key][name] for name in FIGURES)
    ]


def hide_checklist(by: UUID | None) -> None:
    """Show the list of first steps no more. Safe to repeat."""
    if not is_checklist_hidden():
        db.session().add(HiddenChecklist(hidden_by=by))


def is_checklist_hidden() -> bool:
    """Whether the owner has put the list of first steps away."""
    return db.session().scalar(sa.select(HiddenChecklist.id).limit(1)) is not None
