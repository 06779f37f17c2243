"""Closing the log, segment by segment: what was written before a moment is hashed and chained to what came before.

A row belongs to the segment of its position. No transaction that is still running may hold a position below the last
that is sealed: on SQLite there is none, because writers come one by one; on PostgreSQL those that write the log at
this moment are waited for.
"""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from app.features.audit import anchors, canon
from app.features.audit.anchors import Anchor
from app.features.audit.models import AuditLog, AuditSeal
from app.kernel import clock, db, logs, prepared, tenancy
from app.kernel.columns import Id
from app.kernel.ids import new_id

SEGMENT = 1_000
"""Rows under one seal, at most."""
SECONDS = 20.0
"""How long a run works; what is left waits for the next."""
PATIENCE = 2.0
"""Seconds to wait for those who are writing the log now, on PostgreSQL. Else the next run does it."""
EVERYTHING = 2**62

_OWN = "bound to the tenant that is set"
_log = logs.get("audit")
_BIG = sa.BigInteger()
_TENANT, _AFTER, _UNTIL, _MOST = (
    sa.bindparam("tenant", type_=Id()), sa.bindparam("after", type_=_BIG), sa.bindparam("until", type_=_BIG),
    sa.bindparam("most", type_=sa.Integer()),
)  # fmt: skip
_ROWS = tenancy.named(
    sa.select(*(getattr(AuditLog, name) for name in canon.COLUMNS))
    .where(AuditLog.tenant_id == _TENANT, AuditLog.position > _AFTER, AuditLog.position <= _UNTIL)
    .order_by(AuditLog.position)
    .limit(_MOST),
    _OWN,
)
_LAST = tenancy.named(
    sa.select(AuditSeal.number, AuditSeal.last_position, AuditSeal.hash, AuditSeal.count, AuditSeal.created_at)
    .where(AuditSeal.tenant_id == _TENANT)
    .order_by(AuditSeal.number.desc())
    .limit(1),
    _OWN,
)


def run() -> int:
    """Seal what every tenant's log holds, for `SECONDS` at most; returns how many seals were made."""
    deadline = time.monotonic() + SECONDS
    until = settled_position()
    if until is None:
        _log.info("audit log not sealed yet: somebody is writing it")
        return 0
    made = 0
    for tenant_id in tenants():
        with tenancy.as_tenant(tenant_id):
            made += seal(until, deadline=deadline)
        if time.monotonic() > deadline:
            break
    return made


def tenants() -> list[UUID]:
    """Every tenant there is."""
    table = sa.table("tenants", sa.column("id", Id()))
    with tenancy.across_tenants("schedule"), db.transaction(write=False) as session:
        return list(session.scalars(tenancy.named(sa.select(table.c.id).order_by(table.c.id), "no tenant's own table")))


def settled_position() -> int | None:
    """Up to which position every row is there that will ever be; None when that cannot be said now."""
    if not db.is_postgresql():
        return EVERYTHING
    with tenancy.across_tenants("schedule"), db.transaction(write=False):
        last = _asked("SELECT last_value FROM audit_logs_position_seq")[0]
        writing = set(_asked(_WRITERS))
    until = time.monotonic() + PATIENCE
    while writing and time.monotonic() < until:
        time.sleep(0.02)
        with tenancy.across_tenants("schedule"), db.transaction(write=False):
            writing &= set(_asked(_WRITERS))
    return None if writing else int(last)


_WRITERS = (
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND relation = 'audit_logs'::regclass "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()"
)


def _asked(text: str) -> list[Any]:
    return list(db.session().scalars(tenancy.named(sa.text(text), "about the store, not about rows")))


def seal(until: int, *, deadline: float | None = None) -> int:
    """Seal what the log of the tenant that is set holds up to a position; returns how many seals were made."""
    made = 0
    head: Any = None
    while deadline is None or time.monotonic() <= deadline:
        with db.transaction(write=False):
            last = newest()
            rows = read(last.last_position if last is not None else -EVERYTHING, until, SEGMENT)
        head = last
        if not rows:
            break
        closed = _closed(rows, last)
        if not _write(closed):
            break  # somebody else seals
        made, head = made + 1, closed
    if head is not None and not anchors.is_known(tenancy.current(), head.number):
        anchors.add(Anchor(tenancy.current(), head.number, head.count, head.hash, head.created_at))
    return made


def newest() -> Any:
    """The newest seal of the tenant that is set: its number, last position, hash, count and moment; or None."""
    found = prepared.fetch(db.session().connection(), _LAST, {"tenant": tenancy.current()})
    return found[0] if found else None


def read(after: int, until: int, most: int) -> list[Any]:
    """Rows of the tenant that is set between two positions, in their order, with the columns that are hashed."""
    values = {"tenant": tenancy.current(), "after": after, "until": until, "most": most}
    return prepared.fetch(db.session().connection(), _ROWS, values)


def _closed(rows: Sequence[Any], last: Any) -> AuditSeal:
    hashes = [canon.row_hash(row) for row in rows]
    moments = [row.created_at for row in rows]
    closed = AuditSeal(
        id=new_id(),
        tenant_id=tenancy.current(),
        created_at=clock.now(),
        number=last.number + 1 if last is not None else 1,
        first_position=rows[0].position,
        last_position=rows[-1].position,
        count=len(rows),
        oldest_at=min(moments),
        newest_at=max(moments),
        members=b"".join(canon.member(row.id, digest) for row, digest in zip(rows, hashes, strict=True)),
        rows_hash=canon.rows_hash(hashes),
        previous_hash=last.hash if last is not None else canon.GENESIS,
    )
    closed.hash = canon.seal_hash(closed)
    return closed


def _write(closed: AuditSeal) -> bool:
    """Write the seal, unless somebody else has sealed meanwhile."""
    insert = postgresql.insert if db.is_postgresql() else sqlite.insert
    values = {column.key: getattr(closed, column.key) for column in AuditSeal.__table__.columns}
    adding = insert(AuditSeal).values(values).on_conflict_do_nothing(index_elements=["tenant_id", "number"])
    with db.transaction() as session:
        last = newest()
        if closed.number != (last.number + 1 if last is not None else 1):
            return False
        return session.execute(adding.returning(AuditSeal.id)).first() is not None
