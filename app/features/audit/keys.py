"""The keys of persons: made once each, read again, held unsealed in memory for a few minutes, destroyed for good."""

import threading
from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine

from app.features.audit.models import PersonKey
from app.kernel import clock, crypto, db, tenancy
from app.kernel.ids import new_id

KEPT_FOR = timedelta(minutes=5)
KEPT_AT_MOST = 5_000
Whose = tuple[UUID, UUID]
"""A tenant and a person."""


class Held(NamedTuple):
    """A key in hand: its row's id, and the key itself unless it has been destroyed."""

    row_id: UUID
    secret: bytes | None


class _Memory:
    """What this process knows of the database that it works on."""

    engine: Engine | None = None
    unsealed: dict[UUID, tuple[float, bytes]] = {}
    known: dict[Whose, tuple[float, Held]] = {}


_lock = threading.Lock()


def forget() -> None:
    """Know nothing any more: another database, or a test that began anew."""
    with _lock:
        _Memory.unsealed, _Memory.known = {}, {}


def for_people(person_ids: Collection[UUID]) -> dict[UUID, Held]:
    """The key of each person of the tenant that is set, made where there is none yet. No query for those in memory.

    One that was destroyed a moment ago by another process may still be handed out: what is encrypted with it
    nobody can read, as it should be.
    """
    found: dict[UUID, Held] = {}
    tenant_id = tenancy.current()
    own: dict[Whose, Held] = db.session().info.setdefault("person_keys", {})
    now = clock.now().timestamp()
    known = _known()
    for person_id in person_ids:
        mine = own.get((tenant_id, person_id))
        if mine is None and (kept := known.get((tenant_id, person_id))) is not None and kept[0] > now:
            mine = kept[1]
        if mine is not None:
            found[person_id] = mine
    missing = [person_id for person_id in person_ids if person_id not in found]
    if missing:
        fetched = _fetched(missing)
        own.update({(tenant_id, person_id): held for person_id, held in fetched.items()})
        _keep_once_committed(own)
        found |= fetched
    return found


def _known() -> dict[Whose, tuple[float, Held]]:
    if _Memory.engine is not db.engine():
        forget()
        _Memory.engine = db.engine()
    return _Memory.known


def _keep_once_committed(own: dict[Whose, Held]) -> None:
    """Remember what this unit of work saw, for the next ones: never a key that a roll-back takes away again."""
    session = db.session()
    if session.info.get("person_keys_kept") or not isinstance(session.bind, Engine):
        return  # on a connection of others it is not known whether what we see will last

    def keep() -> None:
        until = (clock.now() + KEPT_FOR).timestamp()
        known = _known()
        with _lock:
            if len(known) >= KEPT_AT_MOST:
                known.clear()
            known.update({whose: (until, held) for whose, held in own.items() if held.secret is not None})

    session.info["person_keys_kept"] = True
    db.after_commit(keep)


def _fetched(person_ids: Collection[UUID]) -> dict[UUID, Held]:
    rows = _find(person_ids)
    missing = [person_id for person_id in person_ids if person_id not in rows]
    if missing:
        _make(missing)
        rows |= _find(missing)
    return {person_id: Held(row.id, unsealed(row)) for person_id, row in rows.items()}


def _find(person_ids: Collection[UUID]) -> dict[UUID, PersonKey]:
    wanted = sa.select(PersonKey).where(PersonKey.person_id.in_(person_ids))
    with db.session().no_autoflush:
        return {row.person_id: row for row in db.session().scalars(wanted)}


def _make(person_ids: Collection[UUID]) -> None:
    """Make a key for each. Of two that do so at once, both get the same ones."""
    insert = postgresql.insert if db.is_postgresql() else sqlite.insert
    rows = [
        {
            "id": new_id(),
            "tenant_id": tenancy.current(),
            "created_at": clock.now(),
            "person_id": person_id,
            "sealed_key": crypto.seal(crypto.new_data_key()),
        }
        for person_id in sorted(person_ids)
    ]
    adding = insert(PersonKey).values(rows).on_conflict_do_nothing(index_elements=["tenant_id", "person_id"])
    with db.session().no_autoflush:
        db.session().execute(tenancy.named(adding, "each row names the tenant that is set"))


def look_up(person_id: UUID) -> None:
    """Fetch the key for this unit of work from the store, also where it is in memory: one query, whoever it is."""
    own: dict[Whose, Held] = db.session().info.setdefault("person_keys", {})
    own[tenancy.current(), person_id] = _fetched([person_id])[person_id]


def key_for(person_id: UUID) -> PersonKey:
    """The person's key as a row, made if there is none yet."""
    return cast(PersonKey, db.session().get(PersonKey, for_people([person_id])[person_id].row_id))


def unsealed(row: PersonKey) -> bytes | None:
    """The key itself; None once it has been destroyed."""
    if row.sealed_key is None:
        return None
    now = clock.now().timestamp()
    found = _Memory.unsealed.get(row.id)
    if found is not None and found[0] > now:
        return found[1]
    key = crypto.unseal(row.sealed_key)
    with _lock:
        if len(_Memory.unsealed) >= KEPT_AT_MOST:
            _Memory.unsealed.clear()
        _Memory.unsealed[row.id] = (now + KEPT_FOR.total_seconds(), key)
    return key


def destroy(person_id: UUID) -> bool:
    """Destroy the person's key: nobody reads their parts of the log again, and no new key is made for them.

    The rows stay, and their seals hold: they are made over what is encrypted. False when it was destroyed before.
    """
    key = key_for(person_id)
    done = db.session().execute(
        sa.update(PersonKey)
        .where(PersonKey.id == key.id, PersonKey.sealed_key.is_not(None))
        .values(sealed_key=None, destroyed_at=clock.now())
        .returning(PersonKey.id)
        .execution_options(synchronize_session=False)
    )
    is_done = done.first() is not None
    db.session().refresh(key)
    whose = (tenancy.current(), person_id)
    db.session().info.get("person_keys", {}).pop(whose, None)
    with _lock:
        _Memory.unsealed.pop(key.id, None)
        _known().pop(whose, None)
    return is_done


def destroy_those_of(record_ids: sa.Select[UUID]) -> None:
    """The same of records that have keys of their own, such as invitations; those without get none."""
    theirs = sa.update(PersonKey).where(PersonKey.person_id.in_(record_ids), PersonKey.sealed_key.is_not(None))
    gone = theirs.values(sealed_key=None, destroyed_at=clock.now()).returning(PersonKey.id, PersonKey.person_id)
    for key_id, record_id in db.session().execute(gone.execution_options(synchronize_session="fetch")):
        whose = (tenancy.current(), record_id)
        db.session().info.get("person_keys", {}).pop(whose, None)
        with _lock:
            _Memory.unsealed.pop(key_id, None)
            _known().pop(whose, None)
