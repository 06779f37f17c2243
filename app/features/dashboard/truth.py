"""The figures again, from the records themselves: to prove the kept ones, and to make them anew."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.billing.models import Invoice, LedgerEntry, LedgerPosting
from app.features.dashboard import service
from app.features.dashboard.models import FIGURES, DailyFigure, FigureDelta, Movement
from app.features.dashboard.service import CUSTOMERS, INVOICED, ORDERS, REVENUE, Key
from app.features.orders.models import Order
from app.features.subscriptions.models import Subscription
from app.features.tenants import service as tenants
from app.features.tenants.models import Tenant
from app.kernel import clock, db, tenancy
from app.kernel.ids import new_id

READ_AT_ONCE = 2_000

Fact = tuple[datetime, str, str, int]
"""When something counted, for which figure, in which currency, and how much."""


def rebuild() -> int:
    """Make the kept figures of the present tenant anew, in the open unit of work; the number of rows kept.

    Subscriptions whose history nobody wrote down get it from what they are now.
    Nothing that counts can happen meanwhile, on either store.
    """
    _hold()
    _forget(FigureDelta)
    _forget(DailyFigure)
    _write_missing_movements()
    sums = _sums()
    service.add_days(tenancy.current(), sums)
    return len(sums)


def check() -> list[str]:
    """Where the kept figures of the present tenant differ from the records: one line each, empty when all agree."""
    _hold()
    kept, true = _kept(), _sums()
    differing = sorted(key for key in kept.keys() | true.keys() if kept[key] != true[key])
    lines = [
        f"{day} {name}{f' {currency}' if currency else ''}: kept {kept[day, name, currency]:,}, "
        f"in truth {true[day, name, currency]:,}"
        for day, name, currency in differing
    ]
    return lines + _wrong_subscriptions()


def rebuild_all() -> Iterator[tuple[str, int]]:
    """Rebuild for every tenant, each in a transaction of its own: its slug and the number of figures kept."""
    for slug, tenant_id in _tenants():
        with tenancy.as_tenant(tenant_id), db.transaction():
            kept = rebuild()
        yield slug, kept


def check_all() -> Iterator[tuple[str, str]]:
    """Check every tenant: its slug and one line for each difference."""
    for slug, tenant_id in _tenants():
        with tenancy.as_tenant(tenant_id), db.transaction():
            lines = check()
        yield from ((slug, line) for line in lines)


def _tenants() -> list[tuple[str, UUID]]:
    with db.transaction(write=False) as session:
        return [(slug, tenant_id) for slug, tenant_id in session.execute(sa.select(Tenant.slug, Tenant.id))]


def _hold() -> None:
    """Let nobody count anything until this transaction ends. On SQLite nobody else writes anyway."""
    if db.is_postgresql():
        lock = sa.text("LOCK TABLE figure_deltas, daily_figures IN SHARE ROW EXCLUSIVE MODE")
        db.session().execute(tenancy.named(lock, "a lock reads and writes no row"))


def _forget(model: Any) -> None:
    db.session().execute(sa.delete(model).execution_options(synchronize_session=False))


def _kept() -> Counter[Key]:
    found: Counter[Key] = Counter()
    row, delta = DailyFigure, FigureDelta
    folded = sa.select(row.day, row.currency, *(getattr(row, name) for name in FIGURES))
    for day, currency, *amounts in _stream(folded):
        for name, amount in zip(FIGURES, amounts, strict=True):
            found[day, name, currency] += amount
    for day, name, currency, amount in _stream(sa.select(delta.day, delta.name, delta.currency, delta.amount)):
        found[day, name, currency] += amount
    return found


def _sums() -> Counter[Key]:
    """Every figure from the records, but for zeros. Memory grows with the days, not with the records."""
    found: Counter[Key] = Counter()
    zone = tenants.current().time_zone
    for moment, name, currency, amount in chain(_counted(), _asked(), _received(), _moved()):
        found[service.day_of(moment, zone), name, currency] += amount
    return Counter({key: amount for key, amount in found.items() if amount})


def _counted() -> Iterator[Fact]:
    for name, model in ((CUSTOMERS, Customer), (ORDERS, Order)):
        row: Any = model
        for (moment,) in _stream(sa.select(row.created_at)):
            yield moment, name, "", 1


def _asked() -> Iterator[Fact]:
    issued = sa.select(Invoice.issued_at, Invoice.currency, Invoice.total_minor).where(Invoice.issued_at.is_not(None))
    for moment, currency, amount in _stream(issued):
        yield moment, INVOICED, currency, amount


def _received() -> Iterator[Fact]:
    """What the ledger's cash got and gave."""
    cash = (
        sa.select(LedgerEntry.happened_at, LedgerPosting.currency, LedgerPosting.amount_minor)
        .join(LedgerPosting, LedgerPosting.entry_id == LedgerEntry.id)
        .where(LedgerPosting.account == "cash")
    )
    for moment, currency, amount in _stream(cash):
        yield moment, REVENUE, currency, amount


def _moved() -> Iterator[Fact]:
    row = Movement
    moves = sa.select(row.happened_at, row.kind, row.monthly_minor, row.services, row.currency)
    for moment, kind, change, services, currency in _stream(moves):
        for name, amount, of_currency in service.figures_of(kind, change, services, currency):
            yield moment, name, of_currency, amount


def _stream(statement: sa.Select[*tuple[Any, ...]]) -> Iterator[Any]:
    return iter(db.session().execute(statement, execution_options={"yield_per": READ_AT_ONCE}))


def _wrong_subscriptions() -> list[str]:
    """Subscriptions whose movements do not add up to what they bring in now."""
    change, services = sa.func.sum(Movement.monthly_minor), sa.func.sum(Movement.services)
    sums = sa.select(Movement.subscription_id, change.label("change"), services.label("services"))
    moved = sums.group_by(Movement.subscription_id).subquery()
    row = Subscription
    wanted = sa.select(
        row.id, row.status, row.price_minor, row.cycle, sa.func.coalesce(moved.c.change, 0), moved.c.services
    ).outerjoin(moved, moved.c.subscription_id == row.id)
    lines = []
    for subscription_id, status, price_minor, cycle, kept, running in _stream(wanted):
        true = service.monthly_minor(price_minor, cycle) if status == "active" else 0
        if int(kept) != true or bool(running) != (status == "active"):
            lines.append(f"subscription {subscription_id}: kept {int(kept):,} a month, in truth {true:,}")
    return sorted(lines)


def _write_missing_movements() -> None:
    """Give subscriptions without any movement those that follow from what they are."""
    last = UUID(int=0)
    while found := db.session().execute(_unmoved(last)).all():
        rows = [row for subscription in found for row in _history(subscription)]
        if rows:
            db.session().execute(sa.insert(Movement), rows)
        last = found[-1].id


def _unmoved(after: UUID) -> sa.Select[*tuple[Any, ...]]:
    row = Subscription
    return (
        sa.select(
            row.id, row.tenant_id, row.created_at, row.status, row.cycle, row.price_minor, row.currency,
            row.period_start, row.suspended_at, row.ended_at, Invoice.paid_at,
        )
        .outerjoin(Invoice, Invoice.id == row.first_invoice_id)
        .where(~sa.exists().where(Movement.subscription_id == row.id), row.id > after)
        .order_by(row.id)
        .limit(READ_AT_ONCE)
    )  # fmt: skip


def _history(subscription: Any) -> Iterator[dict[str, Any]]:
    """That it began to run, and that it stopped, as rows to insert."""
    began = subscription.paid_at or subscription.period_start
    if began is None and subscription.status in {"active", "suspended", "terminated"}:
        began = subscription.created_at
    if began is None or subscription.status == "pending":
        return
    monthly = service.monthly_minor(subscription.price_minor, subscription.cycle)
    yield _row(subscription, "new", began, monthly, 1)
    if subscription.status != "active":
        stopped = subscription.ended_at or subscription.suspended_at or clock.now()
        yield _row(subscription, "churn", max(began, stopped), -monthly, -1)


def _row(subscription: Any, kind: str, at: datetime, change: int, services: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "created_at": clock.now(),
        "tenant_id": subscription.tenant_id,
        "subscription_id": subscription.id,
        "kind": kind,
        "happened_at": at,
        "monthly_minor": change,
        "services": services,
        "currency": subscription.currency,
    }
