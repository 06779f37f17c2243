"""The log's rows are sealed in segments, chained, and anchored outside; whatever is bent afterwards is named."""

import json
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.features.audit import anchors, canon, facts, keys, retention, sealing, service, verifying
from app.features.audit.models import AuditLog, AuditSeal
from app.features.tenants import service as tenants
from app.kernel import clock, db, tenancy
from app.kernel.ids import new_id

pytestmark = pytest.mark.both_stores

NOW = datetime(2026, 11, 20, 13, 22, tzinfo=UTC)
BEGIN = datetime(2019, 1, 1, tzinfo=UTC)


@pytest.fixture
def house(fresh_engine: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[UUID]:
    """A tenant in a database of its own, with real commits, and a folder for its anchors."""
    monkeypatch.setattr(anchors, "path", lambda: tmp_path / anchors.NAME)
    monkeypatch.setattr(sealing, "SEGMENT", 4)
    tenants.forget()
    with tenancy.across_tenants("operator"), clock.moved_to(BEGIN), db.transaction():
        found = tenants.create("Harbourline", slug="operator", is_operator=True)
    with tenancy.as_tenant(found.id):
        yield found.id
    tenants.forget()


def write(count: int, *, at: datetime = NOW) -> None:
    """So many rows, each in a transaction of its own, a second apart."""
    for number in range(count):
        with clock.moved_to(at + timedelta(seconds=number)), db.transaction():
            service.record("JOB_RUN", resource_type="job", resource_id=None, after={"number": number})


def sealed(count: int = 10) -> None:
    """Three segments of 4, 4 and 3 rows: the first row says that the tenant was made."""
    write(count)
    sealing.run()


def rows() -> list[AuditLog]:
    with db.transaction(write=False) as session:
        return list(session.scalars(sa.select(AuditLog).order_by(AuditLog.position)))


def seals() -> list[AuditSeal]:
    with db.transaction(write=False) as session:
        return list(session.scalars(sa.select(AuditSeal).order_by(AuditSeal.number)))


class Bender:
    """Somebody with all rights on the database: triggers are off while they work."""

    def __init__(self) -> None:
        self._is_sqlite = not db.is_postgresql()

    def __call__(self, statement: str, **values: object) -> None:
        with tenancy.across_tenants("operator"), db.transaction() as session:
            for table in ("audit_logs", "audit_seals"):
                self._triggers(session, table, "DISABLE")
            session.execute(
                tenancy.named(sa.text(statement), "an attacker"), {k: self._bound(v) for k, v in values.items()}
            )
            if not self._is_sqlite:
                for table in ("audit_logs", "audit_seals"):
                    self._triggers(session, table, "ENABLE")

    def _triggers(self, session: db.PanelSession, table: str, how: str) -> None:
        if not self._is_sqlite:
            session.connection().exec_driver_sql(
                f"ALTER TABLE {table} {how} TRIGGER ALL" if False else f"ALTER TABLE {table} {how} TRIGGER USER"
            )
            return
        named = session.connection().exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
        )
        for (name,) in named.all():
            session.connection().exec_driver_sql(f"DROP TRIGGER {name}")

    def _bound(self, value: object) -> object:
        return value.bytes if isinstance(value, UUID) and self._is_sqlite else value


@pytest.fixture
def bend(house: UUID) -> Bender:
    return Bender()


def found() -> verifying.Finding:
    """The first thing that is wrong."""
    return verifying.verify().findings[0]


def copy_of(position: int) -> str:
    """A statement that writes a row again, as another one, at another place."""
    names = [name for name in canon.COLUMNS if name not in ("id", "position")]
    return (
        f"INSERT INTO audit_logs (id, position, {', '.join(names)}) "
        f"SELECT :id, :place, {', '.join(names)} FROM audit_logs WHERE position = {position}"
    )


def test_a_log_that_nobody_touched_is_proven(house):
    sealed()

    result = verifying.verify()

    assert result.findings == []
    assert (result.segments, result.rows, result.unsealed) == (3, 11, 0)
    assert [seal.count for seal in seals()] == [4, 4, 3]
    assert sealing.run() == 0


def test_an_altered_row_is_named(house, bend):
    sealed()
    for change in ("severity = 'debug'", "description = description || ' '", "personal = NULL", "is_pci = NOT is_pci"):
        bent = rows()[5]
        old = getattr(bent, change.split(" ")[0])
        bend(f"UPDATE audit_logs SET {change} WHERE id = :id", id=bent.id)

        assert (found().kind, found().row_id, found().segment) == ("altered", bent.id, 2), change
        bend(f"UPDATE audit_logs SET {change.split(' ')[0]} = :old WHERE id = :id", id=bent.id, old=old)
    assert verifying.verify().findings == []


def test_every_column_of_a_row_is_under_its_seal(house, bend):
    assert set(canon.COLUMNS) == {column.key for column in AuditLog.__table__.columns}


def test_a_removed_row_is_named(house, bend):
    sealed()
    for at in (6, 7):  # in the middle of a segment, and at its end
        gone = rows()[at if at == 6 else 6]
        bend("DELETE FROM audit_logs WHERE id = :id", id=gone.id)

        assert (found().kind, found().row_id) == ("removed", [gone.id, found().row_id][at == 7])


def test_an_inserted_row_is_named_wherever_it_is_put(house, bend):
    sealed()
    last = rows()[-1].position
    for place in (0, -5, last + 1_000):
        made = new_id()
        bend(copy_of(rows()[0].position if place > last else rows()[1].position), id=made, place=place)

        assert (found().kind, found().row_id) == ("inserted", made), place
        if place > last:  # at the end, with an old date: also once it is under a seal
            sealing.run()
            assert (found().kind, found().row_id) == ("inserted", made)
        bend("DELETE FROM audit_logs WHERE id = :id", id=made)


def test_swapped_and_reordered_rows_are_named(house, bend):
    sealed()
    first, second, third = rows()[4:7]
    places = [row.position for row in (first, second, third)]

    def move(*orders: tuple[UUID, int]) -> None:
        for row_id, _place in orders:
            bend("UPDATE audit_logs SET position = -position - 1000000 WHERE id = :id", id=row_id)
        for row_id, place in orders:
            bend("UPDATE audit_logs SET position = :place WHERE id = :id", id=row_id, place=place)

    move((first.id, places[1]), (second.id, places[0]))
    assert (found().kind, found().row_id) == ("swapped", first.id)

    move((first.id, places[1]), (second.id, places[2]), (third.id, places[0]))
    assert found().kind == "reordered"

    move((first.id, places[0]), (second.id, places[1]), (third.id, places[2]))
    assert verifying.verify().findings == []


def test_a_cut_tail_is_found_by_the_head_that_is_kept_outside(house, bend):
    sealed()
    last = seals()[-1]
    bend("DELETE FROM audit_logs WHERE position >= :first", first=last.first_position)
    bend("DELETE FROM audit_seals WHERE number = :number", number=last.number)

    assert (found().kind, found().segment) == ("tail", last.number)


def test_a_chain_that_was_written_anew_is_found(house, bend):
    write(5)
    sealing.run()
    bend("DELETE FROM audit_seals WHERE number > 0")
    bend("UPDATE audit_logs SET severity = 'debug' WHERE position = :place", place=rows()[0].position)
    kept = anchors.path().read_bytes()
    anchors._Heads.file = None
    sealing.run()
    anchors.path().write_bytes(kept)

    assert found().kind == "anchor"


def test_an_altered_or_missing_seal_is_found(house, bend):
    sealed()
    for change in ("count = count + 1", "rows_hash = previous_hash", "members = NULL", "hash = previous_hash"):
        column = change.split(" ")[0]
        old = getattr(seals()[1], column)
        bend(f"UPDATE audit_seals SET {change} WHERE number = 2")
        assert found().segment == 2, change
        bend(f"UPDATE audit_seals SET {column} = :old WHERE number = 2", old=old)
    assert verifying.verify().findings == []

    bend("DELETE FROM audit_seals WHERE number = 2")
    assert (found().kind, found().segment) == ("seal", 2)


def test_a_lost_file_of_anchors_is_found_until_somebody_says_that_it_may_be(house):
    sealed()
    anchors.path().unlink()
    assert found().kind == "anchor"

    assert facts.anchor_anew("The disk was lost.") == 3
    assert verifying.verify().findings == []
    assert rows()[-1].action == "AUDIT_ANCHORED"


def test_a_database_played_back_from_a_backup_is_found_until_somebody_says_that_it_may_be(house, bend):
    sealed()
    bend("DELETE FROM audit_logs WHERE position >= :first", first=seals()[2].first_position)
    bend("DELETE FROM audit_seals WHERE number = 3")
    assert found().kind == "tail"

    facts.anchor_anew("Played back.")
    sealing.run()

    assert verifying.verify().findings == []


def test_anchors_are_for_the_owner_alone_and_say_what_was_sealed(house):
    sealed()

    line = json.loads(anchors.path().read_text())

    assert stat.S_IMODE(anchors.path().stat().st_mode) == 0o600
    head = seals()[-1]
    assert (line["tenant"], line["number"], line["count"], line["hash"]) == (str(house), 3, 3, head.hash.hex())


def test_a_head_that_could_not_be_written_down_is_written_later(house, monkeypatch):
    write(2)
    with monkeypatch.context() as broken:
        broken.setattr(anchors, "path", lambda: Path("/nonexistent/file"))
        with pytest.raises(FileNotFoundError):
            sealing.run()

    sealing.run()

    assert [anchor.number for anchor in anchors.of(house)] == [1]


REFUSED = (
    "UPDATE audit_logs SET severity = 'debug'",
    "DELETE FROM audit_logs",
    "UPDATE audit_seals SET count = 1",
    "UPDATE audit_seals SET released_at = created_at, members = NULL",
    "UPDATE audit_seals SET members = NULL",
    "DELETE FROM audit_seals",
)


def test_the_database_refuses_every_change_through_the_applications_own_role(house):
    sealed()
    told = REFUSED + (
        ("TRUNCATE audit_logs", "TRUNCATE audit_seals", "TRUNCATE audit_logs CASCADE") if db.is_postgresql() else ()
    )
    if not db.is_postgresql():
        told += (
            f"INSERT OR REPLACE INTO audit_logs ({', '.join(canon.COLUMNS)}) SELECT {', '.join(canon.COLUMNS)} FROM audit_logs",
            "INSERT OR REPLACE INTO audit_seals SELECT * FROM audit_seals",
        )
    for statement in told:
        with pytest.raises(sa.exc.DBAPIError, match=r"never changed|at its end|not so"), db.transaction() as session:
            session.execute(tenancy.named(sa.text(statement), "the test tries it"))
    assert verifying.verify().findings == []


FORGED = {
    "released from the start": {"released_at": NOW},
    "older than its rows": {"newest_at": BEGIN},
    "over the rows of others": {"first_position": 0},
    "over rows that are not there": {"count": 500},
}


@pytest.mark.parametrize("lie", FORGED)
def test_no_forged_seal_lets_rows_go_before_their_time(house, lie):
    sealed()
    write(4)
    with db.transaction(write=False):
        head = sealing.newest()
        under = sealing.read(head.last_position, sealing.EVERYTHING, 4)
    false = sealing._closed(under, head)
    values = {column.key: getattr(false, column.key) for column in AuditSeal.__table__.columns}
    told = {**values, **FORGED[lie]}
    with pytest.raises(sa.exc.DBAPIError, match="says what is not so"), db.transaction() as session:
        adding = sa.insert(AuditSeal.__table__).values(told)
        session.execute(tenancy.named(adding, "the test tries it"))

    sealing.run()
    assert verifying.verify().findings == []


@pytest.mark.only_store("postgresql")
def test_a_temporary_table_does_not_stand_in_for_the_seals(house):
    sealed()
    with pytest.raises(sa.exc.DBAPIError, match="never changed"), db.transaction() as session:
        for statement in (
            "CREATE TEMP TABLE audit_seals AS SELECT * FROM audit_seals",
            "UPDATE pg_temp.audit_seals SET released_at = created_at",
            "DELETE FROM audit_logs",
        ):
            session.execute(tenancy.named(sa.text(statement), "the test tries it"))


def test_retention_drops_whole_segments_leaves_their_anchors_and_the_chain_holds(house):
    write(6, at=datetime(2019, 3, 1, tzinfo=UTC))
    write(4, at=datetime(2026, 1, 1, tzinfo=UTC))
    sealing.run()
    before = seals()

    assert retention.release(datetime(2024, 1, 1, tzinfo=UTC)) == 1  # the second segment has rows of this year

    sealing.run()
    first = seals()[0]
    assert (first.hash, first.count, first.members) == (before[0].hash, 4, None)
    assert [row.action for row in rows()].count("AUDIT_RELEASED") == 1
    assert len(rows()) == 11 - 4 + 1
    result = verifying.verify()
    assert (result.findings, result.released) == ([], 1)
    assert retention.release(datetime(2024, 1, 1, tzinfo=UTC)) == 0


def test_the_database_refuses_to_release_what_is_younger_than_a_year(house):
    write(6, at=datetime.now(UTC) - timedelta(days=300))
    sealing.run()

    with pytest.raises(sa.exc.DBAPIError, match="never changed"):
        retention.release(datetime.now(UTC))
    assert len(rows()) == 7


def test_a_row_put_where_rows_were_dropped_is_named(house, bend):
    write(9, at=datetime(2019, 3, 1, tzinfo=UTC))
    sealing.run()
    place = rows()[1].position
    retention.release(datetime(2024, 1, 1, tzinfo=UTC))
    with_id = new_id()

    bend(copy_of(rows()[-1].position), id=with_id, place=place)

    assert (found().kind, found().row_id) == ("inserted", with_id)


def test_erasing_a_person_leaves_the_chain_whole_and_their_part_unreadable(house):
    person = new_id()
    with db.transaction():
        service.record("USER_LOGOUT", resource_type="user", resource_id=person, person_id=person)
    sealing.run()

    with db.transaction():
        assert keys.destroy(person)
    with db.transaction():
        assert not keys.destroy(person)
        service.record("USER_LOGOUT", resource_type="user", resource_id=person, person_id=person)

    sealing.run()
    assert verifying.verify().findings == []
    with db.transaction(write=False):
        assert [service.personal_part(row) for row in rows()[-2:]] == [None, None]


@pytest.mark.only_store("postgresql")
def test_rows_that_are_committed_late_are_neither_lost_nor_taken_for_inserted(house, monkeypatch):
    monkeypatch.setattr(sealing, "PATIENCE", 0.05)
    holds, may_end = threading.Event(), threading.Event()

    def late() -> None:
        with tenancy.as_tenant(house), clock.moved_to(NOW), db.transaction():
            service.record("JOB_RUN", resource_type="job", resource_id=None, after={"who": "late"})
            service.write_out()
            holds.set()
            may_end.wait(10)

    writer = threading.Thread(target=late)
    writer.start()
    assert holds.wait(10)
    write(2)
    assert sealing.run() == 0  # a lower position is on its way
    may_end.set()
    writer.join()

    assert sealing.run() == 1
    result = verifying.verify()
    assert (result.findings, result.rows) == ([], 4)


def test_two_that_seal_at_once_make_each_seal_once(house):
    write(20)
    at_once = [threading.Thread(target=sealing.run) for _ in range(3)]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join()

    sealing.run()

    result = verifying.verify()
    assert (result.findings, result.rows, result.segments) == ([], 21, result.segments)


def test_the_facts_say_how_far_the_log_is_sealed_and_what_was_found(house, bend):
    with db.transaction(write=False):
        assert facts.facts().segments == 0
    sealed()
    bend("UPDATE audit_logs SET severity = 'debug' WHERE position = :place", place=rows()[0].position)
    facts.keep(verifying.verify())

    with db.transaction(write=False):
        told = facts.facts()
    assert (told.segments, told.unsealed, told.findings, told.is_behind) == (3, 1, 1, False)
    assert "altered" in told.first_finding
    with clock.moved_to(datetime.now(UTC) + timedelta(minutes=11)), db.transaction(write=False):
        assert facts.facts().is_behind
    assert facts.longest_wait() >= timedelta(0)


def test_verification_holds_no_more_than_a_segment(house, monkeypatch):
    sealed(30)
    most: list[int] = []
    read = sealing.read
    monkeypatch.setattr(sealing, "read", lambda *given: most.append(len(found := read(*given))) or found)

    verifying.verify()

    assert max(most) <= 4
