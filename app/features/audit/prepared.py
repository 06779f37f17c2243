"""Files of the log that the worker makes: asked for, watched, left and found again, for a day, by one person alone.

A file is kept in pieces in the store, compressed and encrypted with a key of its own, so that any machine may make it
and any may hand it out.
"""

import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import listing, service
from app.features.audit.files import KINDS, File
from app.features.audit.listing import T
from app.features.audit.models import AuditExport, AuditExportPart
from app.kernel import clock, crypto, db, jobs, outbox, tenancy
from app.kernel.access import Principal
from app.kernel.asked import Asked
from app.kernel.columns import Id
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.outbox import Claimed

BELL = "audit-exports"
KEPT = timedelta(days=1)
MOST_OF_ONE = 10
"""Files that one person may have at once."""
PIECE = 1024 * 1024
"""Bytes of a piece before it is compressed."""
LEASE_SECONDS = 60


class TooManyFiles(Conflict):
    """Somebody has as many files as one may have: 409."""

    code, text = "too_many_exports", f"You have {MOST_OF_ONE} files already. Remove one, or wait until one expires."


def record(kind: str, asked: Asked) -> None:
    """Log that rows of the log are taken out. What was searched for may name somebody and is left out.

    Raises:
        Invalid: there is no such kind of file.
    """
    if kind not in KINDS:
        raise Invalid.field("as", "Choose csv or json.")
    filters = {name: said for name, said in asked.values.items() if said and name != "q"}
    after = {"what": "audit", "as": kind, "filters": filters}
    service.record("DATA_EXPORTED", resource_type="audit_log", resource_id=None, after=after, gdpr=True)


def ask(who: Principal, kind: str, asked: Asked, *, zone: str) -> AuditExport:
    """Have a file made. It is kept for a day, and only `who` finds it.

    Raises:
        Invalid: there is no such kind of file.
        TooManyFiles: `who` has enough of them.
    """
    record(kind, asked)
    assert who.user_id is not None, "a person asks"
    _one_at_a_time(who.user_id)
    if len(of(who)) >= MOST_OF_ONE:
        raise TooManyFiles()
    export = AuditExport(
        user_id=who.user_id,
        kind=kind,
        filters={name: said for name, said in asked.values.items() if said},
        zone=zone,
        sealed_key=crypto.seal(crypto.new_data_key()),
        expires_at=clock.now() + KEPT,
    )
    db.session().add(export)
    db.session().flush()
    jobs.ring(BELL)
    return export


def _one_at_a_time(user_id: UUID) -> None:
    """Who asks for several files at once waits for themselves, so that each sees the one before. SQLite always does."""
    people = sa.table("users", sa.column("id", Id()))
    person = sa.select(people.c.id).where(people.c.id == user_id).with_for_update(key_share=True)
    db.session().execute(tenancy.named(person, "the asker's own row"))


def of(who: Principal) -> Sequence[AuditExport]:
    """The files of one person, the newest first."""
    mine = sa.select(AuditExport).where(AuditExport.user_id == who.user_id, AuditExport.expires_at > clock.now())
    return db.session().scalars(mine.order_by(AuditExport.created_at.desc(), AuditExport.id.desc())).all()


def find(who: Principal, export_id: UUID) -> AuditExport:
    """A file of `who`.

    Raises:
        NotFound: there is none, it has expired, or it is somebody else's.
    """
    mine = sa.select(AuditExport).where(
        AuditExport.id == export_id, AuditExport.user_id == who.user_id, AuditExport.expires_at > clock.now()
    )
    found = db.session().scalars(mine).one_or_none()
    if found is None:
        raise NotFound()
    return found


def remove(export: AuditExport) -> None:
    """Take a file away before its time; who makes it still stops at its next piece."""
    db.session().execute(sa.delete(AuditExportPart).where(AuditExportPart.export_id == export.id))
    db.session().execute(sa.delete(AuditExport).where(AuditExport.id == export.id))


def pieces(export: AuditExport) -> Iterator[bytes]:
    """The bytes of a finished file, in short reads.

    Raises:
        NotFound: it was taken away meanwhile.
    """
    key, tenant_id, length, export_id = crypto.unseal(export.sealed_key), export.tenant_id, export.byte_count, export.id
    number = sent = 0
    while sent < length:
        with tenancy.as_tenant(tenant_id), db.transaction(write=False):
            body = db.session().scalar(
                sa.select(AuditExportPart.body).where(
                    AuditExportPart.export_id == export_id, AuditExportPart.number == number
                )
            )
        if body is None:
            raise NotFound()
        piece = zlib.decompress(crypto.decrypt(key, body, _context(export_id, number)))
        number, sent = number + 1, sent + len(piece)
        yield piece


def _context(export_id: UUID, number: int) -> bytes:
    return export_id.bytes + number.to_bytes(8, "big")


def make(claimed: Claimed) -> None:
    """Make one file: piece by piece, each in a transaction of its own, under the lease.

    Runs without a transaction. A second attempt begins anew.
    """
    with db.transaction():
        export = db.session().get_one(AuditExport, claimed.id)
        db.session().execute(sa.delete(AuditExportPart).where(AuditExportPart.export_id == export.id))
        asked = listing.read(export.filters, zone=export.zone)
        oldest = asked.bound.get("by_from") or _oldest()
        key = crypto.unseal(export.sealed_key)
        kind = export.kind
    file = File(asked, kind)
    begun, written = clock.now(), 0
    for number, piece in enumerate(_gathered(file.parts())):
        if jobs.stopping():
            with db.transaction():
                outbox.release(claimed)
            return
        sealed = crypto.encrypt(key, zlib.compress(piece, 3), _context(claimed.id, number))
        written += len(piece)
        share = _share(file.at, begun, oldest)
        with db.transaction():
            if not _keep(claimed, number, sealed, row_count=file.row_count, byte_count=written, share=share):
                return
    with db.transaction():
        outbox.finish(claimed, finished_at=clock.now(), share=1000, row_count=file.row_count, byte_count=written)


def _oldest() -> datetime | None:
    first = sa.select(T.c.created_at).where(T.c.tenant_id == tenancy.current()).order_by(T.c.created_at).limit(1)
    found: datetime | None = db.session().scalar(tenancy.named(first, "names its own tenant"))
    return found


def _share(at: datetime | None, newest: datetime, oldest: datetime | None) -> int:
    if at is None or oldest is None or oldest >= newest:
        return 0
    return max(0, min(999, round(1000 * ((newest - at) / (newest - oldest)))))


def _gathered(parts: Iterator[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _keep(claimed: Claimed, number: int, sealed: bytes, **progress: int) -> bool:
    """Write one piece and how far it is; False when the lease, or the file itself, is gone."""
    if not outbox.renew(claimed, LEASE_SECONDS):
        return False
    db.session().execute(sa.update(AuditExport).where(AuditExport.id == claimed.id).values(**progress))
    db.session().add(AuditExportPart(export_id=claimed.id, number=number, body=sealed))
    return True


def sweep() -> int:
    """Remove what has expired, of all tenants; how many files that were."""
    with tenancy.across_tenants("sweep"), db.transaction(write=False) as session:
        gone = session.execute(
            sa.select(AuditExport.id, AuditExport.tenant_id).where(AuditExport.expires_at <= clock.now())
        ).all()
    for export_id, tenant_id in gone:
        with tenancy.as_tenant(tenant_id), db.transaction() as session:
            remove(session.get_one(AuditExport, export_id))
    return len(gone)
