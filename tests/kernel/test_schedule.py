"""Every slot runs once, whoever looks, whatever the clocks do; what was missed is made good once."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine

from app.kernel import clock, db, heartbeat, schedule, tenancy
from app.kernel.ids import new_id
from app.kernel.schedule import Job, JobRun, ScheduledJob

NOW = datetime(2026, 11, 20, 13, 22, tzinfo=UTC)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",  # changes by half an hour
    "Africa/Cairo",
    "Pacific/Auckland",
    "Asia/Kathmandu",
)


class Work:
    """A piece of work that remembers its slots."""

    def __init__(self) -> None:
        self.slots: list[datetime] = []
        self.fails = False

    def __call__(self, slot: datetime) -> None:
        self.slots.append(slot)
        if self.fails:
            raise ValueError("no luck, token=abcdefgh")


@pytest.fixture
def work(fresh_engine: sa.Engine) -> Iterator[Work]:
    """Hourly work, the only one there is."""
    before = dict(schedule.JOBS)
    schedule.JOBS.clear()
    made = Work()
    schedule.scheduled("test.hourly", "0 * * * *", title="Every hour")(made)
    yield made
    schedule.JOBS.clear()
    schedule.JOBS.update(before)


@pytest.fixture
def time(work: Work) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        schedule.install()
        yield traveller


def look() -> int:
    found = schedule.due()
    for slot in found:
        schedule.perform(slot)
    return len(found)


def row() -> ScheduledJob:
    with db.transaction(write=False):
        return schedule.listed()[0]


@pytest.mark.both_stores
def test_a_slot_runs_once_when_it_is_due(work, time):
    assert look() == 0
    time.move_to(datetime(2026, 11, 20, 14, 0, tzinfo=UTC))

    assert (look(), look()) == (1, 0)

    assert work.slots == [datetime(2026, 11, 20, 14, tzinfo=UTC)]
    assert row().next_run_at == datetime(2026, 11, 20, 15, tzinfo=UTC)
    assert (row().last_outcome, row().last_missed) == ("done", 0)


@pytest.mark.both_stores
def test_two_workers_that_look_at_once_run_it_once(work, time):
    time.move_to(datetime(2026, 11, 20, 14, 0, tzinfo=UTC))
    gate = threading.Barrier(4)

    def worker() -> None:
        gate.wait()
        look()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(work.slots) == 1


@pytest.mark.both_stores
def test_what_was_missed_is_made_good_once_and_shown(work, time):
    time.shift(timedelta(days=3))

    assert (look(), look()) == (1, 0)

    assert work.slots == [datetime(2026, 11, 23, 13, tzinfo=UTC)]
    assert row().last_missed == 71
    assert row().next_run_at == datetime(2026, 11, 23, 14, tzinfo=UTC)


@pytest.mark.both_stores
def test_a_restart_or_a_clock_set_back_never_runs_a_slot_again(work, time):
    time.move_to(datetime(2026, 11, 20, 14, 0, tzinfo=UTC))
    look()
    time.shift(timedelta(minutes=-50))
    schedule.install()
    assert look() == 0
    time.move_to(datetime(2026, 11, 20, 14, 0, 1, tzinfo=UTC))

    assert look() == 0
    assert len(work.slots) == 1


@pytest.mark.both_stores
def test_a_failure_is_written_down_without_secrets_and_the_next_slot_runs(work, time):
    work.fails = True
    time.move_to(datetime(2026, 11, 20, 14, 0, tzinfo=UTC))
    look()
    assert (row().last_outcome, row().last_error) == ("failed", "ValueError: no luck, token=***")

    work.fails = False
    time.shift(timedelta(hours=1))
    look()
    assert (row().last_outcome, row().last_error) == ("done", None)


@pytest.mark.both_stores
def test_a_run_whose_process_died_is_taken_up_by_another_three_times_at_most(work, time):
    time.move_to(datetime(2026, 11, 20, 14, 0, tzinfo=UTC))
    claims = []
    for _ in range(4):
        claims += schedule.due()
        schedule._running.clear()  # the process dies with it in hand
        assert schedule.due() == [], "somebody may still be at it"
        time.shift(schedule.LEASE + timedelta(seconds=1))

    assert len(claims) == 3
    assert {claim.at for claim in claims} == {datetime(2026, 11, 20, 14, tzinfo=UTC)}
    with db.transaction(write=False) as session:
        assert session.scalars(sa.select(JobRun.outcome)).all() == ["lost"]


@pytest.mark.both_stores
def test_a_long_run_keeps_its_slot(work, time):
    time.move_to(datetime(2026, 11, 20, 14, 0, tzinfo=UTC))
    slot = schedule.due()[0]
    for _ in range(5):
        time.shift(timedelta(seconds=30))
        schedule.renew()
        assert schedule.due() == []

    assert schedule.perform(slot) == "done"
    time.shift(timedelta(minutes=5))
    assert schedule.due() == []


@pytest.mark.both_stores
def test_by_hand_a_slot_runs_once_too(work, time):
    at = datetime(2026, 11, 1, 2, tzinfo=UTC)
    slot = schedule.claim_now("test.hourly", at)
    assert slot is not None and schedule.perform(slot) == "done"

    assert schedule.claim_now("test.hourly", at) is None
    assert work.slots == [at]
    with pytest.raises(schedule.UnknownJob):
        schedule.claim_now("nothing")


@pytest.mark.both_stores
def test_run_now_brings_the_next_run_forward(work, time):
    with db.transaction():
        found = schedule.hasten("test.hourly")
        assert schedule.hasten("nothing") is schedule.hasten("nul\0") is None
    assert found is not None and found.words == "Every hour"

    assert look() == 1
    assert work.slots == [NOW]
    assert row().next_run_at == datetime(2026, 11, 20, 14, tzinfo=UTC)


def test_a_title_reaches_those_who_do_not_know_the_work_and_a_name_says_enough_without(work, time):
    schedule.scheduled("test.hourly", "0 * * * *")(work)
    schedule.install()
    assert row().words == "Test: hourly"

    schedule.scheduled("test.hourly", "0 * * * *", title="Each hour")(work)
    schedule.install()
    assert row().words == "Each hour"


@pytest.mark.both_stores
def test_a_changed_expression_is_taken_over(work, time):
    schedule.JOBS["test.hourly"] = Job("test.hourly", "30 4 * * *", "Europe/Berlin", work)
    schedule.install()

    assert row().next_run_at == datetime(2026, 11, 21, 3, 30, tzinfo=UTC)


def test_scheduled_work_sees_all_tenants_until_it_sets_one(work, time):
    seen = []
    schedule.JOBS["test.hourly"] = Job("test.hourly", "0 * * * *", "UTC", lambda: seen.append(tenancy.is_set()))
    time.move_to(datetime(2026, 11, 20, 14, 0, tzinfo=UTC))
    look()

    assert seen == [False]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("cron", ["0 2 * * *", "30 2 * * *", "0 10 * * *"])
def test_each_local_day_has_exactly_one_run_through_every_change_of_the_clocks(zone, cron):
    job = Job("daily", cron, zone, print)
    moment = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    end = datetime(2027, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    days: list[date] = []
    hour, minute = int(cron.split()[1]), int(cron.split()[0])
    while (moment := job.next_after(moment)) < end:
        local = moment.astimezone(ZoneInfo(zone))
        days.append(local.date())
        late = local.replace(tzinfo=None) - datetime(local.year, local.month, local.day, hour, minute)
        assert timedelta(0) <= late <= timedelta(hours=1), f"{local} is not right after the gap"

    assert days == [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]


@pytest.mark.parametrize("zone", ZONES)
def test_quarterly_work_runs_four_times_a_year(zone):
    job = Job("quarterly", "0 9 1 1,4,7,10 *", zone, print)
    moment, found = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC), []
    while (moment := job.next_after(moment)) < datetime(2026, 12, 31, tzinfo=UTC):
        found.append(moment.astimezone(ZoneInfo(zone)))

    assert [(one.month, one.day, one.hour) for one in found] == [(1, 1, 9), (4, 1, 9), (7, 1, 9), (10, 1, 9)]


def test_hourly_work_runs_every_real_hour_of_the_night_the_clocks_change():
    job = Job("hourly", "0 * * * *", "Europe/Berlin", print)
    moment, found = datetime(2026, 10, 24, 22, tzinfo=UTC), []
    for _ in range(5):
        moment = job.next_after(moment)
        found.append(moment)

    assert [(later - earlier) for earlier, later in pairwise(found)] == [timedelta(hours=1)] * 4


def test_a_wrong_expression_stops_the_start(work):
    with pytest.raises(Exception, match=r"Bad|bad"):
        schedule.scheduled("broken", "0 0 31 2 99")(print)


@pytest.mark.both_stores
def test_old_runs_are_tidied_away(work, time):
    time.move_to(datetime(2026, 11, 20, 14, 0, tzinfo=UTC))
    look()
    time.shift(timedelta(days=91))
    with db.transaction() as session:
        session.add(ScheduledJob(name="test.gone", cron="0 * * * *", zone="UTC", next_run_at=NOW))
        session.flush()
        schedule.tidy()
        assert session.scalars(sa.select(JobRun)).all() == []
        assert session.scalars(sa.select(ScheduledJob.name)).all() == ["test.hourly"]


@pytest.mark.both_stores
def test_processes_are_known_while_they_beat(fresh_engine):
    mine = new_id()
    with time_machine.travel(NOW, tick=False) as time:
        heartbeat.beat(mine, "worker", clock.now())
        time.shift(30)
        heartbeat.beat(mine, "worker", NOW)
        with db.transaction(write=False):
            assert [one.started_at for one in heartbeat.alive("worker")] == [NOW]
            assert heartbeat.alive("web") == []
        time.shift(60)
        with db.transaction(write=False):
            assert heartbeat.alive("worker") == []
        heartbeat.leave(mine)
