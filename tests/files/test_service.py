"""Pictures are kept once, used, and let go of; rows and bytes agree."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.audit.models import AuditLog
from app.features.files import service, tasks
from app.features.files.models import FileUse, StoredFile
from app.features.files.service import InUse, NoRoom
from app.features.tenants import service as tenants
from app.kernel import clock, db, images, storage, tenancy
from app.kernel.errors import NotFound
from app.kernel.ids import new_id
from tests.files.factories import make_file, picture


@pytest.fixture
def folder(panel_app, tmp_path):
    """Where the bytes are, of this test alone."""
    before = storage._State.folder
    storage.configure(tmp_path / "files")
    yield tmp_path / "files"
    assert before is not None
    storage.configure(before)


def files_in(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_is_kept_is_ours_and_private(folder, tenant):
    file = service.keep_image(picture(kind="JPEG") + b"<script>", name="C:\\Temp\\Mein Plan.php.PNG")

    (path,) = files_in(folder)
    assert path.read_bytes()[:3] == b"\xff\xd8\xff" and b"<script>" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    assert (file.name, file.ending, file.media_type) == ("mein-plan-php.jpg", "jpg", "image/jpeg")
    assert (file.width, file.height, file.byte_count) == (40, 30, path.stat().st_size)
    assert path == folder / str(tenant.id) / str(file.id)[-2:] / f"{file.id}.jpg"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("x.php.png", "x-php.png"), ("x.html", "x.png"), (".htaccess", "htaccess.png"), ("a\0b.png", "a-b.png"), ("..\\..\\x", "x.png"),
        ("/etc/passwd", "passwd.png"), ("../../x.svg", "x.png"), ("CON", "con.png"), ("x" * 300 + ".png", "x" * 40 + ".png"), ("\u202egnp.exe", "gnp.png"),
        ("a\uff0fb\u2215c.png", "bc.png"), ("\U0001f525.png", "picture.png"), ("", "picture.png"), ("Größe (1).PNG", "groe-1.png"), ("\ud800.png", "picture.png"),
    ],
)  # fmt: skip
def test_a_name_is_letters_and_never_a_kind_or_a_place(folder, tenant, name, kept):
    file = service.keep_image(picture(), name=name)

    assert file.name == kept
    (path,) = files_in(folder)
    assert path.name == f"{file.id}.png"


def test_the_same_picture_is_one_file(folder, tenant):
    body = picture()

    first = service.keep_image(body, is_public=False)
    again = service.keep_image(body, name="other.png")

    assert again is first and len(files_in(folder)) == 1
    assert first.is_public, "whoever shows it to everybody means everybody"


def test_what_happens_to_it_is_logged(folder, tenant):
    body = picture()
    file = service.keep_image(body, is_public=False)
    service.keep_image(body)
    service.keep_image(body)
    service.remove(file)

    audit.write_out()

    logged = sa.select(AuditLog.action).where(AuditLog.resource_id == file.id).order_by(AuditLog.id)
    assert db.session().scalars(logged).all() == ["FILE_KEPT", "FILE_SHOWN", "FILE_REMOVED"]


def test_what_a_record_shows_is_used_and_what_it_drops_is_not(folder, tenant):
    one, two, article = make_file(), make_file(), new_id()
    text = f"{service.markdown(one)}\n\n<img src='{two.address}'> /files/{new_id()}/x.png /files/not-an-id/x"

    service.claim("article", article, service.named_in(text))
    assert (one.unused_since, two.unused_since) == (None, None)
    assert db.session().scalar(sa.select(sa.func.count(FileUse.id))) == 2

    service.claim("article", article, [one.id])
    service.claim("article", new_id(), [one.id])
    assert one.unused_since is None
    assert two.unused_since == clock.now()

    service.claim("article", article, [])
    assert one.unused_since is None, "the other record shows it still"


def test_a_foreign_file_cannot_be_claimed(folder, tenant, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_file()
        db.session().flush()

    service.claim("article", new_id(), [foreign.id])

    assert db.session().scalars(sa.select(FileUse)).all() == []
    with tenancy.as_tenant(other_tenant.id):
        assert foreign.unused_since is not None
    with pytest.raises(NotFound):
        service.find(foreign.id)


def test_what_is_shown_is_not_removed(folder, tenant):
    file, article = make_file(), new_id()
    service.claim("article", article, [file.id])

    with pytest.raises(InUse):
        service.remove(file)

    service.claim("article", article, [])
    service.remove(file)
    with pytest.raises(NotFound):
        service.find(file.id)


def test_room_is_counted_by_the_bytes_that_are_kept(folder, tenant, monkeypatch):
    first = make_file()
    monkeypatch.setattr(service, "MOST_BYTES", first.byte_count)
    with pytest.raises(NoRoom):
        make_file()

    monkeypatch.setattr(service, "MOST_BYTES", 1024**3)
    monkeypatch.setattr(service, "MOST_FILES", 1)
    with pytest.raises(NoRoom):
        make_file()


# --- on real commits ---


@pytest.fixture
def house(folder, fresh_engine):
    """A tenant on a database of this test alone, set for the whole test."""
    tenants.forget()
    with tenancy.across_tenants("operator"), db.transaction():
        made = tenants.create("Harbourline", slug="operator", is_operator=True)
    tenants.forget()
    with tenancy.as_tenant(made.id):
        yield made.id
    tenants.forget()


def at_once(house, bodies):
    """The address of each picture that was brought at the same moment, None where there was no room."""
    pictures = [images.clean(body) for body in bodies]  # one at a time, else they would not come at once
    gate = threading.Barrier(len(bodies))

    def bring(picture):
        gate.wait()
        with tenancy.as_tenant(house), db.transaction():
            return service.keep(picture, name="", purpose="article", is_public=True).address

    def tried(picture):
        try:
            return bring(picture)
        except NoRoom:
            return None

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(tried, pictures))


@pytest.mark.both_stores
def test_the_room_holds_however_many_come_at_once(house, folder, monkeypatch):
    monkeypatch.setattr(service, "MOST_FILES", 5)

    kept = [address for address in at_once(house, [picture() for _ in range(10)]) if address]

    assert len(set(kept)) == 5 and len(files_in(folder)) == 5
    with db.transaction(write=False) as session:
        assert session.scalar(sa.select(sa.func.count(StoredFile.id))) == 5


@pytest.mark.both_stores
def test_what_is_claimed_this_moment_is_not_removed(house, folder):
    with db.transaction():
        file_id = make_file().id
    is_claimed = threading.Event()

    def remove():
        is_claimed.wait()
        with tenancy.as_tenant(house), db.transaction():
            service.remove(service.find(file_id))

    with ThreadPoolExecutor(1) as pool:
        with db.transaction():
            service.claim("article", new_id(), [file_id])
            removing = pool.submit(remove)
            is_claimed.set()
            time.sleep(0.3)  # for it to get as far as it can
        with pytest.raises(InUse):
            removing.result()


@pytest.mark.both_stores
def test_the_same_picture_many_times_at_once_is_one_file(house, folder):
    assert len(set(at_once(house, [picture(7)] * 10))) == 1
    assert len(files_in(folder)) == 1


@pytest.mark.both_stores
def test_what_nothing_shows_goes_after_a_day(house, folder, now):
    with db.transaction():
        shown, waiting, hidden = make_file(), make_file(), make_file(is_public=False)
        service.claim("article", new_id(), [shown.id])
        names = {file: file.id for file in (shown, waiting, hidden)}
    now.shift(timedelta(hours=23))
    tasks.let_go()
    assert len(files_in(folder)) == 3

    now.shift(timedelta(hours=2))
    tasks.let_go()

    assert [path.stem for path in files_in(folder)] == [str(names[shown])]
    with db.transaction(write=False) as session:
        assert session.scalars(sa.select(StoredFile.id)).all() == [names[shown]]


@pytest.mark.only_store("postgresql")
@pytest.mark.both_stores
def test_a_picture_that_is_claimed_this_moment_is_not_swept(house, folder, now):
    """On SQLite one writes after the other anyway."""
    with db.transaction():
        file_id = make_file().id
    now.shift(timedelta(hours=25))
    claimed, swept = threading.Event(), threading.Event()

    def sweep():
        claimed.wait(20)
        with tenancy.as_tenant(house):
            tasks.let_go()
        swept.set()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(sweep)
        with db.transaction():
            service.claim("article", new_id(), [file_id])
            claimed.set()
            swept.wait(1)
        done.result(20)

    assert [path.stem for path in files_in(folder)] == [str(file_id)]


def test_what_was_refused_leaves_bytes_that_are_swept(house, folder, now):
    with pytest.raises(RuntimeError, match="broken"), db.transaction():
        make_file()
        raise RuntimeError("broken off")
    with db.transaction():
        kept = make_file()
        service.claim("article", new_id(), [kept.id])
        kept_id = kept.id
    half = folder / str(house) / "aa" / ".part-0123"
    half.parent.mkdir(parents=True, exist_ok=True)
    half.write_bytes(b"half of a picture")
    assert len(files_in(folder)) == 3
    for path in files_in(folder):
        os.utime(path, (clock.now().timestamp(),) * 2)

    tasks.let_go()
    assert len(files_in(folder)) == 3, "it may be on its way"
    now.shift(timedelta(hours=25))
    tasks.let_go()

    assert [path.stem for path in files_in(folder)] == [str(kept_id)]


def test_a_row_without_bytes_is_told_and_mended_by_bringing_it_again(house, folder):
    body = picture()
    with db.transaction():
        kept = service.keep_image(body)
        key, file_id = kept.key, kept.id
    storage.remove(key)
    with db.transaction(write=False):
        assert service.lost() == 1
        with pytest.raises(NotFound):
            service.find_for(None, file_id)

    with db.transaction():
        service.keep_image(body)

    with db.transaction(write=False):
        assert service.lost() == 0


@pytest.mark.parametrize(
    "key", ["../x", "/etc/passwd", "a/b/c", "0192f1d0-7d3c-7000-8000-000000000001/aa/../../x.png", ""]
)
def test_a_key_leads_nowhere_else(folder, key):
    with pytest.raises(ValueError):
        storage.path_of(key)
