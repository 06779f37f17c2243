"""One unit of work, one transaction; a reading one never writes, a writing one never loses its turn."""

import sqlite3
import threading
import time
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.features.tenants.models import Tenant
from app.kernel import clock, db, tenancy
from app.kernel.columns import Id, UtcDateTime
from app.kernel.ids import new_id, parse_id

pytestmark = pytest.mark.both_stores


def a_tenant(slug: str = "one") -> Tenant:
    return Tenant(slug=slug, name=slug.title())


def slugs() -> list[str]:
    with db.transaction(write=False) as session:
        return sorted(session.scalars(sa.select(Tenant.slug)))


def test_a_unit_commits_when_it_ends_and_rolls_back_when_it_raises(fresh_engine):
    with db.transaction() as session:
        session.add(a_tenant("kept"))
    with pytest.raises(RuntimeError, match="no"), db.transaction() as session:
        session.add(a_tenant("lost"))
        session.flush()
        raise RuntimeError("no")

    assert slugs() == ["kept"]


def test_without_a_unit_there_is_no_session(fresh_engine):
    with pytest.raises(db.NoUnitOfWork):
        db.session()


def test_a_unit_inside_another_ends_by_itself_and_gives_the_first_back(fresh_engine):
    token = db.begin(write=False)
    outer = db.session()
    with db.transaction() as inner:
        assert db.session() is inner
        inner.add(a_tenant())
    assert db.session() is outer
    db.end(token, commit=False)

    assert slugs() == ["one"]


@pytest.mark.parametrize(
    "way", ["flush", "change", "delete", "bulk insert", "bulk update", "bulk delete", "named core"]
)
def test_a_reading_unit_cannot_write_in_any_way(fresh_engine, way):
    with db.transaction() as session:
        session.add(a_tenant())

    def write(session: db.PanelSession) -> None:
        if way == "flush":
            session.add(a_tenant("two"))
        elif way == "bulk insert":
            session.execute(sa.insert(Tenant), [{"slug": "two", "name": "Two"}])
        elif way == "bulk update":
            session.execute(sa.update(Tenant).values(name="Changed"))
        elif way == "bulk delete":
            session.execute(sa.delete(Tenant))
        elif way == "named core":
            session.execute(tenancy.named(sa.update(Tenant.__table__).values(name="Changed"), "a test"))
        else:
            row = session.scalars(sa.select(Tenant)).one()
            if way == "change":
                row.name = "Changed"
            else:
                session.delete(row)
        session.flush()

    with pytest.raises(db.ReadOnlyUnit), db.transaction(write=False) as session:
        write(session)

    with db.transaction(write=False) as session:
        assert session.scalars(sa.select(Tenant.name)).all() == ["One"]


def test_what_waits_for_the_commit_runs_after_it_and_only_then(fresh_engine):
    seen: list[list[str]] = []
    ended: list[str] = []
    with db.transaction() as session:
        session.add(a_tenant("first"))
        db.after_commit(lambda: seen.append(slugs()))
        db.after_end(lambda: ended.append("first"))
        with session.begin_nested():
            session.add(a_tenant("second"))
        assert seen == [], "a savepoint's release is no commit"
    with pytest.raises(RuntimeError), db.transaction():
        db.after_commit(lambda: seen.append(["never"]))
        db.after_end(lambda: ended.append("second"))
        raise RuntimeError

    assert seen == [["first", "second"]]
    assert ended == ["first", "second"]


def test_a_commit_that_fails_rings_nobody(fresh_engine):
    with db.transaction() as session:
        session.add(a_tenant("twin"))
    rung: list[str] = []
    with pytest.raises(sa.exc.IntegrityError), db.transaction() as session:
        session.add(a_tenant("twin"))
        db.after_commit(lambda: rung.append("bell"))

    assert rung == []


def test_moments_come_back_aware_and_in_utc_and_naive_ones_are_refused(fresh_engine):
    there = datetime(2026, 3, 29, 3, 30, tzinfo=timezone(timedelta(hours=2)))
    with db.transaction() as session:
        row = a_tenant()
        row.suspended_at = there
        session.add(row)
    with db.transaction(write=False) as session:
        found = session.scalars(sa.select(Tenant.suspended_at)).one()
    assert found == there
    assert found.utcoffset() == timedelta(0)

    with pytest.raises(sa.exc.StatementError, match="without a time zone"), db.transaction() as session:
        session.execute(sa.select(Tenant).where(Tenant.suspended_at > datetime(2026, 1, 1)))


def test_ids_keep_their_order_and_come_back_as_they_went(fresh_engine):
    made = [new_id() for _ in range(500)]
    with db.transaction() as session:
        for number, one in enumerate(made):
            session.add(Tenant(id=one, slug=f"t{number}", name="T"))
    with db.transaction(write=False) as session:
        found = session.scalars(sa.select(Tenant.id).order_by(Tenant.id)).all()

    assert found == made == sorted(made)
    assert all(isinstance(one, UUID) and one.version == 7 for one in found)
    with db.engine().connect() as connection:
        stored = connection.exec_driver_sql("SELECT id FROM tenants LIMIT 1").scalar_one()
    assert isinstance(stored, UUID) or (isinstance(stored, bytes) and len(stored) == 16)


def test_two_read_then_write_units_at_once_both_get_through(fresh_engine):
    """Upgrading a read to a write fails at once on SQLite, whatever the busy time-out: hence IMMEDIATE."""
    with db.transaction() as session:
        session.add(a_tenant("counter"))
    both_are_in = threading.Barrier(4)
    troubles: list[Exception] = []

    def add_one() -> None:
        try:
            both_are_in.wait()
            for _ in range(10):
                with db.transaction() as session:
                    session.scalars(sa.select(Tenant.slug)).all()
                    time.sleep(0.001)
                    session.add(a_tenant(f"t{new_id().hex}"))
        except Exception as problem:  # noqa: BLE001 (whatever it is, the test shows it)
            troubles.append(problem)

    threads = [threading.Thread(target=add_one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert troubles == []
    assert len(slugs()) == 41


def test_a_reader_is_not_held_up_by_a_writer(fresh_engine):
    with db.transaction() as session:
        session.add(a_tenant("unseen"))
        session.flush()
        answers: list[list[str]] = []
        thread = threading.Thread(target=lambda: answers.append(slugs()))
        thread.start()
        thread.join(20)  # the writer goes on only then: one who waits for it has not answered

    assert answers == [[]]


def test_what_the_store_is_told(fresh_engine, store):
    with db.engine().connect() as connection:
        if store == "sqlite":
            ask = {
                name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
            }
            assert ask == {"journal_mode": "wal", "busy_timeout": 30000, "foreign_keys": 1, "synchronous": 1}
        else:
            assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "30s"
            assert connection.exec_driver_sql("SHOW timezone").scalar() == "UTC"


def test_foreign_keys_are_kept_by_the_store(fresh_engine):
    from app.features.accounts.models import Customer

    nowhere = new_id()
    with pytest.raises(sa.exc.IntegrityError), tenancy.as_tenant(nowhere), db.transaction() as session:
        session.add(Customer(name="X", email="x@example.com", currency="USD", search_key="x"))


def test_the_text_of_an_error_shows_no_value(fresh_engine):
    with pytest.raises(sa.exc.IntegrityError) as found, tenancy.across_tenants("operator"), db.transaction() as session:
        session.add_all([a_tenant("secret-value"), Tenant(slug="secret-value", name="a-hidden-name")])
        session.flush()

    assert "a-hidden-name" not in str(found.value)


@pytest.mark.only_store("sqlite")
def test_the_file_and_what_lies_beside_it_are_nobody_elses(tmp_path):
    path = tmp_path / "panel.db"
    for mode in (None, 0o644):
        if mode is not None:
            path.chmod(mode)
        engine = db.make_engine(f"sqlite:///{path}")
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS things (id INTEGER)")
            modes = {name.name: name.stat().st_mode & 0o777 for name in tmp_path.iterdir()}
        engine.dispose()

        assert modes and set(modes.values()) == {0o600}, modes


@pytest.mark.only_store("sqlite")
def test_a_writing_unit_of_sqlite_takes_the_lock_with_its_first_statement(fresh_engine, fresh_url):
    path = sa.make_url(fresh_url).database
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        with db.transaction() as session:
            other.execute("BEGIN IMMEDIATE")  # nothing is held before the first statement
            other.execute("ROLLBACK")
            session.scalars(sa.select(Tenant)).all()
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        with db.transaction(write=False) as session:
            session.scalars(sa.select(Tenant)).all()
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")
    finally:
        other.close()


def test_unit_tests_units_are_savepoints_of_one_transaction(connection):
    with db.transaction() as session:
        session.add(a_tenant("inside"))
    with pytest.raises(RuntimeError), db.transaction() as session:
        session.add(a_tenant("undone"))
        session.flush()
        raise RuntimeError

    assert slugs() == ["inside"]
    assert connection.in_transaction()


@pytest.mark.parametrize(
    "text", ["", "1", "0", "-1", "9223372036854775808", "1 OR 1=1", "x" * 36, "{%s}", "urn:uuid:%s"]
)
def test_only_the_canonical_form_spells_an_id(text):
    assert parse_id(text % new_id() if "%s" in text else text) is None


def test_an_id_reads_back():
    one = new_id()

    assert parse_id(str(one)) == one
    assert parse_id(str(one).upper()) == one
    assert parse_id(one.hex) is None
    assert parse_id(f"{one}x") is None


def test_columns_tell_the_store_what_they_hold():
    assert Id().compile(sa.dialects.postgresql.dialect()) == "UUID"
    assert UtcDateTime().compile(sa.dialects.postgresql.dialect()) == "TIMESTAMP WITH TIME ZONE"


def test_the_clock_is_aware_and_can_be_moved_for_a_while():
    then = datetime(2020, 2, 29, tzinfo=UTC)

    with clock.moved_to(then):
        assert clock.now() == then
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.now() > then
