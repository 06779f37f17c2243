"""Making a copy: a zip of one JSON file for each kind of record, written part by part, and read again."""

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC
from itertools import chain
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import personal as people
from app.features.accounts.merged import ids_of
from app.features.audit import masking
from app.features.audit.models import AuditLog
from app.features.audit.service import personal_part
from app.features.privacy.held import HELD
from app.features.privacy.models import CUSTOMER, PERSON, DataCopy, DataCopyPart
from app.kernel import clock, crypto, db, tenancy
from app.kernel.personal import copied, plain

PART = 256 * 1024
AT_ONCE = 500
README = """This is a copy of what we hold about {about}, made on {when} (UTC).
Each file is a list in JSON. Moments are ISO 8601 in UTC; amounts are in the currency's smallest unit.
What is not in it: passwords and other secrets, of which we keep fingerprints only.
"""


class _Parts(io.RawIOBase):
    """A file without an end or a way back, whose pieces go into the database."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        super().__init__()
        self._write = write
        self._gathered = bytearray()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._gathered += piece
        self.size += len(piece)
        while len(self._gathered) >= PART:
            self._write(bytes(self._gathered[:PART]))
            del self._gathered[:PART]
        return len(piece)

    def finish(self) -> None:
        """Write what is left."""
        if self._gathered:
            self._write(bytes(self._gathered))
            self._gathered.clear()


def make(copy_id: UUID, *, renew: Callable[[], bool]) -> tuple[int, int] | None:
    """Write all parts anew; how many records and bytes. None when `renew` says that it is another's work by now.

    Reads and writes are short transactions of their own; memory stays flat.
    """
    with db.transaction() as session:
        row = session.get_one(DataCopy, copy_id)
        session.execute(sa.delete(DataCopyPart).where(DataCopyPart.copy_id == copy_id))
        kind, subject_id, key = row.kind, row.subject_id, crypto.unseal(row.sealed_key)
    home = tenancy.current()
    number = 0
    lost = False

    def write(piece: bytes) -> None:
        nonlocal number, lost
        with tenancy.as_tenant(home), db.transaction() as session:
            lost = lost or not renew()
            if not lost:
                session.add(DataCopyPart(copy_id=copy_id, number=number, body=_sealed(key, copy_id, number, piece)))
        number += 1

    file = _Parts(write)
    records = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", README.format(about=f"this {kind}", when=f"{clock.now().astimezone(UTC):%F %T}"))
        for name, rows in _contents(kind, subject_id):
            records += _list(archive, f"{name}.json", rows)
            if lost:
                return None
    file.finish()
    return None if lost else (records, file.size)


def _sealed(key: bytes, copy_id: UUID, number: int, piece: bytes) -> bytes:
    return crypto.encrypt(key, piece, copy_id.bytes + number.to_bytes(8, "big"))


def _list(archive: zipfile.ZipFile, name: str, rows: Iterable[dict[str, Any]]) -> int:
    count = 0
    with archive.open(name, "w", force_zip64=True) as file:
        for row in rows:
            file.write(b",\n " if count else b"[\n ")
            file.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace"))
            count += 1
        file.write(b"\n]\n" if count else b"[]\n")
    return count


def _contents(kind: str, subject_id: UUID) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    if kind == PERSON:
        yield from _of_person(subject_id, "")
        return
    if kind != CUSTOMER:
        yield from _of_tenant(subject_id)
        return
    with db.transaction(write=False):
        persons, own_ids = people.people_of(subject_id), ids_of(subject_id)
    for held in HELD:
        if held.fields and held.of_customer is not None:
            yield held.name, chain.from_iterable(copied(held, held.of_customer(own_id)) for own_id in own_ids)
    for number, user_id in enumerate(persons, start=1):
        yield from _of_person(user_id, f"people/{number}/")


def _of_person(user_id: UUID, folder: str) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    for held in HELD:
        if held.fields and held.of_person is not None:
            yield f"{folder}{held.name}", copied(held, held.of_person(user_id))
    yield f"{folder}activity", _activity(user_id)


def _activity(user_id: UUID) -> Iterator[dict[str, Any]]:
    """What the person did, as the audit log has it, with the address it was done from."""
    after: UUID | None = None
    while True:
        wanted = sa.select(AuditLog).where(AuditLog.actor_user_id == user_id)
        wanted = wanted if after is None else wanted.where(AuditLog.id > after)
        with db.transaction(write=False) as session:
            found = session.scalars(wanted.order_by(AuditLog.id).limit(AT_ONCE)).all()
            rows = [_act(row) for row in found]
        yield from rows
        if len(found) < AT_ONCE:
            return
        after = found[-1].id


def _act(row: AuditLog) -> dict[str, Any]:
    if row.impersonator_user_id is not None:
        return {"at": plain(row.created_at), "action": row.action, "by": "staff in the person's place"}
    said = personal_part(row) or {}
    where = {name: said[name] for name in ("ip", "user_agent") if said.get(name)}
    about = {"about": row.resource_type, "id": plain(row.resource_id)}
    return {"at": plain(row.created_at), "action": row.action, **about, **where}


def _of_tenant(tenant_id: UUID) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """Every table of the tenant, without secrets and without what only the house's own works need."""
    for table in tenancy.tenant_tables():
        if table.name not in {DataCopy.__tablename__, DataCopyPart.__tablename__} and "id" in table.c:
            yield table.name, _rows(table, tenant_id)


def _rows(table: sa.Table, tenant_id: UUID) -> Iterator[dict[str, Any]]:
    columns = [column for column in table.columns if not _is_secret(column)]
    after: UUID | None = None
    while True:
        wanted = sa.select(*columns).where(table.c.tenant_id == tenant_id)
        wanted = wanted if after is None else wanted.where(table.c.id > after)
        reading = tenancy.named(wanted.order_by(table.c.id).limit(AT_ONCE), "names its own tenant")
        with tenancy.as_tenant(tenant_id), db.transaction(write=False) as session:
            found = session.execute(reading).all()
        for row in found:
            yield {name: plain(value) for name, value in row._mapping.items()}
        if len(found) < AT_ONCE:
            return
        after = found[-1]._mapping["id"]


def _is_secret(column: sa.Column[Any]) -> bool:
    hides = masking.SECRET.search(column.name) is not None and not column.name.endswith("_id")
    return column.name == "tenant_id" or hides or isinstance(column.type, sa.LargeBinary)


def parts(copy: DataCopy) -> Iterator[bytes]:
    """The zip, piece by piece, each read in a short transaction. The tenant has to be set while it is read."""
    key, copy_id = crypto.unseal(copy.sealed_key), copy.id
    number = 0
    while True:
        wanted = sa.select(DataCopyPart.body).where(DataCopyPart.copy_id == copy_id, DataCopyPart.number == number)
        with db.transaction(write=False) as session:
            body = session.execute(wanted).scalar_one_or_none()
        if body is None:
            return
        yield crypto.decrypt(key, body, copy_id.bytes + number.to_bytes(8, "big"))
        number += 1
