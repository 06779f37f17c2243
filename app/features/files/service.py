"""Pictures: kept, found, used, let go of. The only writer of the tables, and of the folder beside them."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.files.models import PURPOSES, FileUse, StoredFile
from app.features.tenants import service as tenants
from app.kernel import clock, db, images, storage, tenancy
from app.kernel.access import Principal, actor
from app.kernel.errors import Conflict, NotFound
from app.kernel.ids import new_id
from app.kernel.images import Picture
from app.kernel.paging import Page, page

MOST_BYTES, MOST_FILES = 1024**3, 20_000
"""Of one tenant."""
UNUSED_FOR = timedelta(days=1)
"""How long a picture waits for the article that it was brought for."""
_NAMED = re.compile(r"/files/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})/")


class NoRoom(Conflict):
    """The tenant keeps as much as it may."""

    code = "no_room_for_files"
    text = "There is no room for more pictures: 1 GiB or 20,000 of them are kept. Remove some that nothing shows."


class InUse(Conflict):
    """Something shows the picture."""

    code, text = "file_in_use", "This picture is shown somewhere. Take it out there first."


def keep_image(body: bytes, *, name: str = "", purpose: str = "article", is_public: bool = True) -> StoredFile:
    """Keep the picture in `body`; the same one again is the file that is there.

    `name` is what it was called, of which only the letters are kept. Nobody shows it yet: it goes after a day unless
    a record claims it (`claim`). Decodes before its first statement, so call it before yours.

    Raises:
        NotAPicture: it is no PNG, JPEG or WebP, or broken.
        PictureTooLarge: more bytes or pixels than are taken.
        NoRoom: the tenant's room is used up.
    """
    return keep(images.clean(body), name=name, purpose=purpose, is_public=is_public)


def keep(picture: Picture, *, name: str, purpose: str, is_public: bool = True) -> StoredFile:
    """Keep a picture of our own making.

    Raises:
        NoRoom: the tenant's room is used up.
    """
    assert purpose in PURPOSES
    tenants.locked()  # one after another: else those that come at once would all find room
    known = db.session().scalars(sa.select(StoredFile).where(StoredFile.sha256 == picture.fingerprint)).one_or_none()
    if known is not None:
        return _again(known, picture, is_public=is_public)
    count, size = (
        db.session().execute(sa.select(sa.func.count(StoredFile.id), sa.func.sum(StoredFile.byte_count))).one()
    )
    if count >= MOST_FILES or (size or 0) + len(picture.body) > MOST_BYTES:
        raise NoRoom()
    made = StoredFile(
        id=new_id(),
        tenant_id=tenancy.current(),
        purpose=purpose,
        name=f"{_stem(name)}.{picture.ending}",
        sha256=picture.fingerprint,
        ending=picture.ending,
        width=picture.width,
        height=picture.height,
        byte_count=len(picture.body),
        is_public=is_public,
        made_by=actor().user_id,
    )
    storage.put(made.key, picture.body)  # a file whose row never comes is swept; a row without its file would be worse
    db.session().add(made)
    db.session().flush()
    _log("FILE_KEPT", made)
    return made


def _again(known: StoredFile, picture: Picture, *, is_public: bool) -> StoredFile:
    if is_public and not known.is_public:
        known.is_public = True
        _log("FILE_SHOWN", known)
    if known.unused_since is not None:
        known.unused_since = clock.now()
    if not storage.is_there(known.key):
        storage.put(known.key, picture.body)
    return known


def _stem(name: str) -> str:
    """What is left of a name somebody gave: at most 40 letters, digits and hyphens, without folders and ending."""
    latin = unicodedata.normalize("NFKD", name[:1000]).encode("ascii", "ignore").decode().lower()
    last = re.sub(r"\.[a-z0-9]{1,5}$", "", re.split(r"[/\\]", latin)[-1])
    return re.sub(r"[^a-z0-9]+", "-", last).strip("-")[:40].rstrip("-") or "picture"


def find(file_id: UUID) -> StoredFile:
    """One file of the tenant that is set.

    Raises:
        NotFound: there is none.
    """
    found = db.session().get(StoredFile, file_id)
    if found is None:
        raise NotFound()
    return found


def find_for(principal: Principal | None, file_id: UUID) -> tuple[StoredFile, Path]:
    """One file that `principal` may see, and where its bytes are: public ones everybody, the others staff alone.

    Raises:
        NotFound: there is none for them, or its bytes are lost.
    """
    found = find(file_id)
    if not found.is_public and (principal is None or not principal.is_staff):
        raise NotFound()
    path = storage.path_of(found.key)
    if not path.is_file():
        raise NotFound()
    return found, path


def find_page(*, cursor: str | None, limit: int) -> Page[StoredFile]:
    """The tenant's files, newest first."""
    return page(sa.select(StoredFile), StoredFile, cursor=cursor, limit=limit)


def to_choose_from(wanted: Collection[UUID], *, most: int = 12) -> list[StoredFile]:
    """Pictures that an author may show: those that are wanted, and the newest of articles; `most` of each."""
    newest_first = sa.select(StoredFile).order_by(StoredFile.created_at.desc(), StoredFile.id.desc()).limit(most)
    first = db.session().scalars(newest_first.where(StoredFile.id.in_(wanted))).all()
    others = newest_first.where(StoredFile.id.not_in(wanted), StoredFile.is_public, StoredFile.purpose == "article")
    return [*first, *db.session().scalars(others)]


def markdown(file: StoredFile, alt: str = "") -> str:
    """What an author writes to show it."""
    words = re.sub(r"[\[\]\\\r\n]", " ", alt).strip() or file.name.rpartition(".")[0].replace("-", " ")
    return f"![{words}]({file.address})"


def named_in(text: str) -> set[UUID]:
    """The files that a text in Markdown or HTML names."""
    return {UUID(found) for found in _NAMED.findall(text)}


def claim(used_by_type: str, used_by_id: UUID, file_ids: Collection[UUID]) -> None:
    """Say that the record shows these files and no others; none lets go of all that it showed.

    Ids that name no file of this tenant are nothing. What nothing shows any more goes after a day.
    """
    mine = sa.select(FileUse).where(FileUse.used_by_type == used_by_type, FileUse.used_by_id == used_by_id)
    shown = db.session().scalars(mine).all()
    had = {use.file_id for use in shown}
    rows = _locked(had | set(file_ids))
    wanted = {row.id for row in rows} & set(file_ids)
    for use in shown:
        if use.file_id not in wanted:
            db.session().delete(use)
    db.session().add_all(
        FileUse(used_by_type=used_by_type, used_by_id=used_by_id, file_id=one) for one in sorted(wanted - had)
    )
    db.session().flush()
    _note_use(rows)


def _locked(file_ids: Collection[UUID]) -> Sequence[StoredFile]:
    """The rows, for writing: whoever sweeps waits, or was first. In the order of ids, so that no two cross."""
    if not file_ids:
        return ()
    wanted = sa.select(StoredFile).where(StoredFile.id.in_(file_ids)).order_by(StoredFile.id)
    return db.session().scalars(wanted.with_for_update(key_share=True).execution_options(populate_existing=True)).all()


def _note_use(rows: Sequence[StoredFile]) -> None:
    """Bring `unused_since` in step with the uses."""
    used = set(db.session().scalars(sa.select(FileUse.file_id).where(FileUse.file_id.in_([row.id for row in rows]))))
    for row in rows:
        if row.id in used:
            row.unused_since = None
        elif row.unused_since is None:
            row.unused_since = clock.now()


def remove(file: StoredFile) -> None:
    """Remove a picture that nothing shows; its bytes go once that is committed.

    Raises:
        InUse: something shows it.
    """
    if not _locked([file.id]):
        return  # somebody was faster
    if db.session().scalars(sa.select(FileUse.id).where(FileUse.file_id == file.id).limit(1)).first() is not None:
        raise InUse()
    key = file.key
    db.session().delete(file)
    db.session().flush()
    _log("FILE_REMOVED", file)
    db.after_commit(lambda: storage.remove(key))


def forget(file_id: UUID) -> None:
    """Remove a picture at once unless something shows it: whoever is to be seen on it asked for that."""
    for row in _locked([file_id]):
        if row.unused_since is not None:
            remove(row)


def _log(action: str, file: StoredFile) -> None:
    audit.record(action, resource_type="file", resource_id=file.id)


# --- what nobody needs any more ---


def drop_unused(limit: int = 100) -> int:
    """Remove pictures that nothing has shown for a day; how many."""
    before = clock.now() - UNUSED_FOR
    unused = sa.select(StoredFile).where(StoredFile.unused_since < before).order_by(StoredFile.unused_since)
    rows = db.session().scalars(unused.limit(limit).with_for_update(key_share=True)).all()
    for row in rows:
        remove(row)
    return len(rows)


def drop_strays() -> int:
    """Remove what a killed process or a refused request wrote and no row speaks of; how many."""
    strays = set(storage.keys_below(str(tenancy.current()), older_than=UNUSED_FOR.total_seconds())) - _keys()
    for key in strays:
        storage.remove(key)
    return len(strays)


def lost() -> int:
    """How many rows have no bytes: a folder that was not played back with its database, or is not shared."""
    return sum(not storage.is_there(key) for key in _keys())


def _keys() -> set[str]:
    """Where the tenant's files are to be."""
    return {row.key for row in db.session().scalars(sa.select(StoredFile))}
