"""The same request twice has one effect: `Idempotency-Key`, honoured for 24 hours.

The key's row is inserted first, inside the request's own transaction: it is
the lock. Then the work is done and the answer is sealed into the row. A second
request waits for the first (SQLite: at BEGIN IMMEDIATE; PostgreSQL: at the
unique key, `WAIT_SECONDS` at most) and gets its answer. Nothing is stored for a
refusal, since the row is rolled back with all else.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import clock, crypto, db, tenancy
from app.kernel.errors import Conflict, Invalid
from app.kernel.tenancy import TenantRecord

HEADER = "Idempotency-Key"
LASTS = timedelta(hours=24)
WAIT_SECONDS = 5
_SWEEP_BATCH = 1000
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class IdempotencyKey(TenantRecord):
    """One request that may be repeated, and the answer it had."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "owner", "key"),)

    owner: Mapped[str] = mapped_column(sa.String(50))
    """`key:` or `user:` and the id of who sent it."""
    key: Mapped[str] = mapped_column(sa.String(255))
    route: Mapped[str] = mapped_column(sa.Text)
    """Method, path and query string."""
    body_hash: Mapped[bytes]
    status: Mapped[int | None]
    answer: Mapped[bytes | None]
    """The content type and the body of the answer, sealed; they may hold a secret."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


class StillRunning(Conflict):
    """The first request with this key has not ended yet: 409."""

    code, text = "still_running", f"The first request with this {HEADER} is still running. Try again shortly."


@dataclass(frozen=True)
class Reply:
    """An answer as it left, or leaves again."""

    status: int
    content_type: str
    body: bytes
    is_replayed: bool = False


def check_key(text: str) -> str:
    """The key that a client sent.

    Raises:
        Invalid: it is not 1 to 255 visible ASCII characters.
    """
    if not _KEY.fullmatch(text):
        raise Invalid.field(HEADER, "The key must be 1 to 255 visible ASCII characters.")
    return text


def once(key: str, *, owner: str, route: str, body: bytes, work: Callable[[], Reply]) -> Reply:
    """Do `work` the first time that `owner` sends `key`; give the stored reply after that.

    Must run in the request's writing unit of work, before its first statement.

    Raises:
        Invalid: the key was used for another request.
        StillRunning: the first request holds the key for longer than we wait.
    """
    body_hash = hashlib.sha256(body).digest()
    row, is_ours = _claim(key, owner=owner, route=route, body_hash=body_hash)
    if not is_ours:
        if row.route != route or row.body_hash != body_hash:
            raise Invalid.field(HEADER, "This key was used for another request.", code="idempotency_key_reused")
        return _stored(row)
    reply = work()
    row.status = reply.status
    row.answer = crypto.seal(json.dumps([reply.content_type, reply.body.decode()]).encode())
    db.session().flush()
    return reply


def _claim(key: str, *, owner: str, route: str, body_hash: bytes) -> tuple[IdempotencyKey, bool]:
    """The key's row, and whether it is ours to fill."""
    session = db.session()
    row = IdempotencyKey(
        owner=owner, key=key, route=route, body_hash=body_hash, status=None, answer=None,
        expires_at=clock.now() + LASTS,
    )  # fmt: skip
    _wait_at_most(f"{WAIT_SECONDS}s")
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        return _existing(row)
    except OperationalError as problem:
        if db.is_postgresql():  # lock_timeout: the first request has not ended
            raise StillRunning(retry_after=1) from problem
        raise
    finally:
        _wait_at_most("0")
    return row, True


def _wait_at_most(span: str) -> None:
    if db.is_postgresql():
        setting = sa.select(sa.func.set_config("lock_timeout", span, True))
        db.session().execute(tenancy.named(setting, "touches no row"))


def _existing(draft: IdempotencyKey) -> tuple[IdempotencyKey, bool]:
    """The row that was there before; taken over when its time is over."""
    session = db.session()
    whose = (IdempotencyKey.owner == draft.owner, IdempotencyKey.key == draft.key)
    taken_over = session.execute(
        sa.update(IdempotencyKey)
        .where(*whose, IdempotencyKey.expires_at <= clock.now())
        .values(
            route=draft.route, body_hash=draft.body_hash, status=None, answer=None, expires_at=draft.expires_at,
            created_at=clock.now(),
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    is_ours = taken_over.rowcount == 1  # type: ignore[attr-defined]  # an UPDATE's result has it
    found = sa.select(IdempotencyKey).where(*whose).execution_options(populate_existing=True)
    row = session.scalars(found).one_or_none()
    if row is None:  # swept in this very moment
        raise StillRunning(retry_after=1)
    return row, is_ours


def _stored(row: IdempotencyKey) -> Reply:
    if row.status is None or row.answer is None:
        raise StillRunning(retry_after=1)
    content_type, body = json.loads(crypto.unseal(row.answer))
    return Reply(row.status, content_type, body.encode(), is_replayed=True)


def sweep() -> int:
    """Remove the keys whose time is over, of all tenants; how many there were."""
    removed = 0
    with tenancy.across_tenants("sweep"):
        while True:
            with db.transaction() as session:
                old = sa.select(IdempotencyKey.id).where(IdempotencyKey.expires_at <= clock.now()).limit(_SWEEP_BATCH)
                gone = session.execute(
                    sa.delete(IdempotencyKey)
                    .where(IdempotencyKey.id.in_(old.scalar_subquery()))
                    .execution_options(synchronize_session=False)
                )
            count = int(gone.rowcount)  # type: ignore[attr-defined]  # a DELETE's result has it
            removed += count
            if count < _SWEEP_BATCH:
                return removed
