"""The keys of persons: made once each, read again, held unsealed in memory for a few minutes."""

import threading
from datetime import timedelta
from typing import cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from app.features.audit.models import PersonKey
from app.kernel import clock, crypto, db, tenancy
from app.kernel.ids import new_id

KEPT_FOR = timedelta(minutes=5)
KEPT_AT_MOST = 5_000
_unsealed: dict[UUID, tuple[float, bytes]] = {}
_lock = threading.Lock()


def key_for(person_id: UUID) -> PersonKey:
    """The person's key, made if there is none yet. Two that ask at once get the same one."""
    known = db.session().info.setdefault("person_keys", {})
    whose = (tenancy.current(), person_id)
    row = cast(PersonKey | None, known.get(whose))
    if row is not None and sa.inspect(row).persistent:
        return row
    known[whose] = row = _find(person_id) or _make(person_id)
    return row


def _find(person_id: UUID) -> PersonKey | None:
    return db.session().scalars(sa.select(PersonKey).where(PersonKey.person_id == person_id)).one_or_none()


def _make(person_id: UUID) -> PersonKey:
    insert = postgresql.insert if db.is_postgresql() else sqlite.insert
    db.session().execute(
        insert(PersonKey)
        .values(
            id=new_id(),
            tenant_id=tenancy.current(),
            created_at=clock.now(),
            person_id=person_id,
            sealed_key=crypto.seal(crypto.new_data_key()),
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "person_id"])
    )
    made = _find(person_id)
    assert made is not None
    return made


def unsealed(row: PersonKey) -> bytes | None:
    """The key itself; None once it has been destroyed."""
    if row.sealed_key is None:
        return None
    now = clock.now().timestamp()
    found = _unsealed.get(row.id)
    if found is not None and found[0] > now:
        return found[1]
    key = crypto.unseal(row.sealed_key)
    with _lock:
        if len(_unsealed) >= KEPT_AT_MOST:
            _unsealed.clear()
        _unsealed[row.id] = (now + KEPT_FOR.total_seconds(), key)
    return key
