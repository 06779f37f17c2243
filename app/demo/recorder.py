"""Recording what the services write: one life of each kind, told once in a transaction that is taken back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.demo import acts
from app.demo.acts import Kind, Story, period_end
from app.demo.people import Person
from app.features.audit import keys
from app.features.audit.canon import LOADED
from app.features.audit.models import AuditLog, PersonKey
from app.kernel import clock, crypto, db, tenancy
from app.kernel.access import Actor, acting
from app.kernel.columns import Id
from app.kernel.ids import new_id

DEMO = Actor(name="demo", request_id=LOADED)
GATEWAY = "external"
REFERENCES = ("ZQREFA", "ZQREFB")
SIGNS = Person(
    first_name="Zqfirst",
    last_name="Zqlast",
    company="Zqcompany",
    email="zqmail@zqdomain.example.com",
    country="BV",
    city="Zqcity",
    address_line="Zqstreet",
    postal_code="Zqpostal",
    phone="+999 000 7171717",
    source=("zqsource", "zqcampaign", "zqfrom", "zqmedium"),
)
"""The person of every recording: what is found of it in a row is another's when the row is written again."""
BEGIN = datetime(2024, 3, 10, 10, 11, 12, 131415, tzinfo=UTC)
Row = dict[str, Any]


@dataclass
class Period:
    """What is paid for, and until when: followed in the recording and in every life alike."""

    cycle: str
    start: datetime | None = None
    end: datetime | None = None

    def moments(self, act: str, now: datetime) -> dict[str, datetime]:
        """The moments that rows of an act may name, and what the act makes of the period."""
        found = {"now": now}
        if self.start is not None and self.end is not None:
            found |= {"start": self.start, "end": self.end, "next": period_end(self.cycle, self.end)}
        if act == "pay":
            self.start, self.end = now, period_end(self.cycle, now)
            found["end"] = self.end
        elif act == "pay_renewal":
            self.start, self.end = found["end"], found["next"]
        return found


@dataclass
class Take:
    """What one act wrote, by table and id."""

    act: str
    moments: Mapping[str, datetime]
    number: str = ""
    """Of the newest invoice when it was over."""
    added: list[tuple[str, UUID, Row]] = field(default_factory=list)
    changed: list[tuple[str, UUID, Row]] = field(default_factory=list)
    gone: list[tuple[str, UUID]] = field(default_factory=list)
    opened: dict[UUID, tuple[bytes, str]] = field(default_factory=dict, repr=False)
    """Key and plain text of the personal parts in the audit log, by row."""


Act = Callable[[Story], None]
_MAIN: tuple[tuple[str, Act], ...] = (
    ("pay", lambda story: acts.pay(story, reference=REFERENCES[0])),
    ("wait", acts.hand_over),
    ("set_up", acts.set_up),
    ("issue_renewal", acts.issue_renewal),
    ("pay_renewal", lambda story: acts.pay_renewal(story, reference=REFERENCES[1])),
)
_BRANCHES: dict[str, tuple[tuple[str, Act], ...]] = {
    "sign_up": (("lapse", acts.lapse),),
    "set_up": (("cancel", acts.cancel), ("end", acts.end), ("clear", acts.set_up)),
    "issue_renewal": (
        ("suspend", acts.suspend),
        ("switch_off", acts.set_up),
        ("terminate", acts.terminate),
        ("take_down", acts.set_up),
    ),
}
"""Other ways in which a life can go on after an act."""


def record(kind: Kind) -> dict[str, Take]:
    """Every act of a life of this kind, as the services do it today. Nothing of it stays."""
    with _taken_back() as connection, acting(DEMO):
        recorder = _Recorder(kind)
        recorder.begin()
        _go_other_ways(recorder, connection, "sign_up")
        for act, do in _MAIN:
            recorder.act(act, do)
            _go_other_ways(recorder, connection, act)
        return recorder.takes


def _go_other_ways(recorder: "_Recorder", connection: sa.Connection, act: str) -> None:
    """How else a life can go on from here; then back."""
    if act not in _BRANCHES:
        return
    kept, nested = recorder.state(), connection.begin_nested()
    for name, other in _BRANCHES[act]:
        recorder.act(name, other)
    nested.rollback()
    recorder.restore(kept)


class _Recorder:
    """Tells one story and looks after each act at what is different."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.takes: dict[str, Take] = {}
        self._marker = new_id()
        self._seen: dict[str, dict[UUID, Row]] = {}
        self._now = BEGIN
        self._period = Period(kind.cycle)
        self._story: Story | None = None

    def begin(self) -> None:
        person = SIGNS if self.kind.is_company else Person(**{**SIGNS.__dict__, "company": ""})

        def sign_up() -> None:
            self._story = acts.sign_up(person, self.kind, gateway=GATEWAY)

        self._perform("sign_up", sign_up)

    def act(self, name: str, do: Act) -> None:
        story = self._story
        assert story is not None
        self._perform(name, lambda: do(story))

    def state(self) -> tuple[Any, ...]:
        assert self._story is not None
        period = (self._period.start, self._period.end)
        return {**self._seen}, self._now, period, self._story.invoice_id

    def restore(self, kept: tuple[Any, ...]) -> None:
        assert self._story is not None
        self._seen, self._now, (self._period.start, self._period.end), self._story.invoice_id = kept

    def _perform(self, name: str, do: Callable[[], None]) -> None:
        """Do it at a moment of its own, and keep what it wrote."""
        self._now += timedelta(days=1, hours=3, microseconds=1717)
        moments = self._period.moments(name, self._now)
        with clock.moved_to(self._now):
            do()
            with db.transaction(write=False):
                seen = self._look()
                assert self._story is not None
                take = _difference(Take(name, moments, self._story.invoice.number or ""), self._seen, seen)
                _open(take)
        self.takes[name], self._seen = take, seen

    def _look(self) -> dict[str, dict[UUID, Row]]:
        """Every row of this story: its ids are newer than the recording's beginning."""
        found = {}
        for name, mine in _rows_since():
            rows = db.session().execute(mine, {"tenant": tenancy.current(), "marker": self._marker}).mappings()
            found[name] = {row["id"]: dict(row) for row in rows}
        return found


@cache
def _rows_since() -> tuple[tuple[str, sa.Executable], ...]:
    """For each table the question for the tenant's rows after a marker. Those without ids hold only words of names."""
    tables = [table for table in tenancy.tenant_tables() if "id" in table.c]
    since = [
        sa.select(table).where(
            table.c.tenant_id == sa.bindparam("tenant", type_=Id()), table.c.id > sa.bindparam("marker", type_=Id())
        )
        for table in tables
    ]
    return tuple(
        (table.name, tenancy.named(mine, "bound to the tenant that is set"))
        for table, mine in zip(tables, since, strict=True)
    )


def _difference(take: Take, before: Mapping[str, Mapping[UUID, Row]], after: Mapping[str, Mapping[UUID, Row]]) -> Take:
    for table, rows in after.items():
        known = before.get(table, {})
        for row_id, row in sorted(rows.items()):
            if row_id not in known:
                take.added.append((table, row_id, row))
            elif row != known[row_id]:
                change = {name: value for name, value in row.items() if value != known[row_id][name]}
                take.changed.append((table, row_id, change))
        take.gone += [(table, row_id) for row_id in known if row_id not in rows]
    return take


def _open(take: Take) -> None:
    """Read what is personal in the audit log while its keys are there."""
    for table, row_id, row in take.added:
        if table == AuditLog.__tablename__ and row["personal"] is not None:
            secret = keys.unsealed(db.session().get_one(PersonKey, row["personal_key_id"]))
            assert secret is not None
            take.opened[row_id] = secret, crypto.decrypt(secret, row["personal"], row_id.bytes).decode()


@contextmanager
def _taken_back() -> Iterator[sa.Connection]:
    """One transaction around every unit of work inside; rolled back at the end. Sees nothing of others meanwhile."""
    engine = db.engine().execution_options(panel_write=True)
    if db.is_postgresql():
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        outer = connection.begin()
        try:
            with db.on_connection(connection):
                yield connection
        finally:
            outer.rollback()
