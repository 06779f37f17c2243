"""Work that must happen is a row: with a state, an attempt, a next try and a lease that runs out.

A worker claims rows, does what they say, and settles each with the token of
its lease. If it dies, the lease runs out and another claims the row again. So
nothing is lost to a kill, and at most what was in hand is done twice.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.util import identity_key

from app.kernel import aftermath, clock, db, jobs, leases, logs, metrics, tenancy

STATES = ("waiting", "leased", "done", "dead", "kept")
"""`kept`: not sent and not to be, because nothing is configured that could send it."""

MOST_ATTEMPTS = 3
"""After so many failures a row is dead and waits for a person (SPEC 4)."""

MODELS: list[type["OutboxMixin"]] = []
"""Every table of waiting work, for figures and the operations page."""

_log = logs.get("outbox")


class _Process:
    mark = secrets.token_bytes(8)


def bear(identity: bytes) -> None:
    """Begin every lease token of this process with `identity` (8 bytes), by which its supervisor knows it."""
    _Process.mark = identity


def free(identity: bytes) -> int:
    """Take back at once what a process that is dead for certain had in hand; the number of rows."""
    freed = 0
    first, last = UUID(bytes=identity + bytes(8)), UUID(bytes=identity + b"\xff" * 8)
    with tenancy.across_tenants("sweep"), db.transaction():
        for model in MODELS:
            row: Any = model
            left = sa.update(row).where(row.state == "leased", row.lease_token.between(first, last))
            freed += _count(left.values(state="waiting", next_at=clock.now(), lease_until=None, lease_token=None))
    return freed


class OutboxMixin:
    """The columns of a table of waiting work. Put it beside `TenantRecord`.

    Rows are claimed in the order of the columns named in `outbox_order`.
    `next_at` of a leased row is the end of its lease: one index finds both what
    is due and what was left by the dead.
    """

    outbox_order: ClassVar[tuple[str, ...]] = ("next_at",)

    id: Mapped[UUID]
    tenant_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(sa.String(8), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(default=clock.now)
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    last_error: Mapped[str | None]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        table = cls.__dict__.get("__table__")
        if table is None:
            return
        MODELS.append(cls)
        columns = [table.c[name] for name in cls.outbox_order]
        due = table.c.state.in_([sa.literal_column("'waiting'"), sa.literal_column("'leased'")])
        sa.Index(f"ix_{table.name}_due", *columns, sqlite_where=due, postgresql_where=due)
        quoted = ", ".join(f"'{state}'" for state in STATES)
        table.append_constraint(sa.CheckConstraint(f"state IN ({quoted})", name="state"))


@dataclass(frozen=True)
class Claimed:
    """A row in hand. Its lease ends by itself; `token` proves that it is still ours."""

    model: type[Any] = field(repr=False)
    id: UUID
    tenant_id: UUID
    lease_token: UUID
    attempts: int
    """Which attempt this is, from 1."""
    lease_until: datetime


def claim(
    model: type[OutboxMixin], *, limit: int = 10, lease_seconds: float = 60, lane: UUID | None = None
) -> list[Claimed]:
    """Take up to `limit` due rows of all tenants, or of one lane (`kernel/lanes.py`), in a transaction of its own.

    On PostgreSQL rows that somebody else is claiming are skipped, on SQLite
    claims follow one another.
    """
    now = clock.now()
    token, until = UUID(bytes=_Process.mark + secrets.token_bytes(8)), now + timedelta(seconds=lease_seconds)
    values = {"due_at": now, "most": limit, "until": until, "token": token}
    with tenancy.across_tenants("sweep"), db.transaction() as session:
        taking = leases.claiming(cast(Any, model), lane is not None)
        found = session.execute(taking, values if lane is None else {**values, "lane": lane}).all()
    found = sorted(found, key=lambda one: (*one[3:], one.id))
    return [Claimed(model, one.id, one.tenant_id, token, one.attempts, until) for one in found]


def finish(row: "Claimed | OutboxMixin", **values: Any) -> bool:
    """The work is done: settle it in the open unit of work, writing `values` besides.

    Returns False, and writes nothing, when the lease was lost meanwhile; the
    same holds for the other ways to settle.
    """
    return _settle(row, "done", state="done", last_error=None, **values)


def retry(
    row: "Claimed | OutboxMixin", delay: float | timedelta, error: str, *, counts: bool = True, **values: Any
) -> bool:
    """Try again after `delay` (seconds). With `counts=False` the attempt is given back."""
    wait = delay if isinstance(delay, timedelta) else timedelta(seconds=delay)
    attempts = row.attempts - (0 if counts else 1)
    return _settle(
        row,
        "retried",
        state="waiting",
        attempts=attempts,
        next_at=clock.now() + wait,
        last_error=logs.clean(error),
        **values,
    )


def dead(row: "Claimed | OutboxMixin", error: str, **values: Any) -> bool:
    """Give up; a person sees `error` and may set it going again with `revive`."""
    return _settle(row, "dead", state="dead", last_error=logs.clean(error), **values)


def hold(row: "Claimed | OutboxMixin", **values: Any) -> bool:
    """Keep it unsent: there is nothing configured that could send it. The attempt is given back."""
    return _settle(row, "kept", state="kept", attempts=row.attempts - 1, **values)


def release(row: Claimed) -> bool:
    """Put a row back untouched, for another worker to take at once."""
    return _settle(row, "released", state="waiting", attempts=row.attempts - 1, next_at=clock.now())


def renew(row: Claimed, lease_seconds: float) -> bool:
    """Keep a row in hand for `lease_seconds` from now."""
    until = clock.now() + timedelta(seconds=lease_seconds)
    return _write(row, next_at=until, lease_until=until)


def revive(model: type[OutboxMixin], row_id: UUID) -> bool:
    """Send a dead, kept or finished row again, with fresh attempts. False when it is waiting already."""
    table: Any = model
    again = (
        sa.update(table)
        .where(table.id == row_id, table.state.in_(["done", "dead", "kept"]))
        .values(state="waiting", attempts=0, next_at=clock.now(), last_error=None)
    )
    return _count(again) == 1


def _settle(row: Claimed | OutboxMixin, outcome: str, **values: Any) -> bool:
    model: Any = row.model if isinstance(row, Claimed) else type(row)
    written = _write(row, lease_until=None, lease_token=None, **values)
    if written:
        metrics.DELIVERIES.labels(model.__tablename__, outcome).inc()
    else:
        _log.warning("lease lost", table=model.__tablename__, row=str(row.id), outcome=outcome)
    return written


def _write(row: Claimed | OutboxMixin, **values: Any) -> bool:
    model: Any = row.model if isinstance(row, Claimed) else type(row)
    session = db.session()
    mine = {"mine_id": row.id, "mine_tenant": row.tenant_id, "mine_token": row.lease_token}
    new = {f"new_{name}": value for name, value in values.items()}
    written = session.execute(leases.settling(model, tuple(values)), {**mine, **new})
    loaded = session.identity_map.get(identity_key(model, row.id))
    if loaded is not None:
        session.expire(loaded)
    return cast("sa.CursorResult[Any]", written).rowcount == 1


def _count(statement: sa.Update) -> int:
    result = db.session().execute(statement.execution_options(synchronize_session="fetch"))
    return cast("sa.CursorResult[Any]", result).rowcount


def drain(
    model: type[OutboxMixin],
    deliver: Callable[[Claimed], None],
    *,
    limit: int = 10,
    lease_seconds: float = 60,
    most_attempts: int = MOST_ATTEMPTS,
    enough: Callable[[], bool] = lambda: False,
) -> int:
    """Claim and `deliver` until nothing is due, it is `enough`, or the worker stops; the number of rows seen to.

    `deliver` runs with the row's tenant set and without a transaction, so that
    it may talk to the network; it opens its own ones and settles the row. When
    it raises, the row is retried with growing pauses, then dead. Rows claimed
    but not begun when it is enough (a breaker has opened) or the worker is told
    to stop go back untouched.
    """
    seen = 0

    def ends() -> bool:
        return jobs.stopping() or enough()

    while not ends():
        claimed = claim(model, limit=limit, lease_seconds=lease_seconds)
        if len(claimed) == limit:
            jobs.more_hands()
        for row in claimed:
            with tenancy.as_tenant(row.tenant_id):
                seen += see_to(row, deliver, lease_seconds, most_attempts, ends)
        if not claimed:
            break
    return seen


def see_to(
    row: Claimed,
    deliver: Callable[[Claimed], None],
    lease_seconds: float,
    most_attempts: int,
    ends: Callable[[], bool],
) -> int:
    """`deliver` one claimed row in its tenant, which is set; 1, or 0 when it went back untouched. See `drain`."""
    if ends():
        with db.transaction():
            release(row)
        return 0
    if row.lease_until - clock.now() < timedelta(seconds=lease_seconds / 2):
        with db.transaction():
            if not renew(row, lease_seconds):
                return 0
    aftermath.collect()
    try:
        deliver(row)
    except Exception as problem:
        _log.exception("delivery failed", table=row.model.__tablename__, row=str(row.id))
        with db.transaction():
            if row.attempts >= most_attempts:
                dead(row, type(problem).__name__)
            else:
                retry(row, backoff(row.attempts), type(problem).__name__)
    finally:
        for note in aftermath.take():
            with db.transaction():
                note()
    return 1


def backoff(attempt: int) -> timedelta:
    """The pause after failure number `attempt`: 30 s, 2 min, 8 min, ... at most a day."""
    return min(timedelta(seconds=30 * 4 ** min(attempt - 1, 10)), timedelta(days=1))


Figures = dict[str, dict[str, tuple[int, float]]]


def depths(found: Figures | None = None) -> dict[str, dict[str, int]]:
    """Rows of each table by state, over all tenants: as just counted, or in what `figures` found."""
    counted = (found or figures()).items()
    return {name: {state: count for state, (count, _) in states.items()} for name, states in counted}


def ages(found: Figures | None = None) -> dict[str, float]:
    """The same: seconds since the oldest row still waiting in each table was due; 0 when none is."""
    counted = (found or figures()).items()
    return {name: max((age for _, age in states.values()), default=0.0) for name, states in counted}


def figures() -> Figures:
    """Of each table and state: how many rows, and how long the oldest that waits is due. In the open unit of work."""
    now, found = clock.now(), {}
    with tenancy.across_tenants("metrics"):
        for model in MODELS:
            row: Any = model
            counted = sa.select(row.state, sa.func.count(), sa.func.min(row.next_at)).group_by(row.state)
            found[row.__tablename__] = {
                state: (count, max(0.0, (now - first).total_seconds()) if state in {"waiting", "leased"} else 0.0)
                for state, count, first in db.session().execute(counted)
            }
    return found
