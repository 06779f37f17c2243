"""Years of history in bulk: the rows that the services would have written, in one transaction, in flat memory.

All or nothing: what is stopped half way leaves no row and no gap in the numbers.
"""

import random
import secrets
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.demo import articles, lives, people, posts, recorder, stamps
from app.demo.acts import PROMO, Kind
from app.demo.house import DemoLogin
from app.demo.lives import Course
from app.demo.people import Person
from app.demo.pile import Pile
from app.demo.recorder import DEMO, Period
from app.demo.stamps import Life, Sheet
from app.features.accounts import service as accounts
from app.features.accounts.models import Customer, User
from app.features.audit import keys
from app.features.billing.models import NumberSeries
from app.features.billing.service import SERIES
from app.features.catalogue.models import PromoCode
from app.features.dashboard import service as figures
from app.features.dashboard.service import Key
from app.features.tenants import service as tenants
from app.kernel import clock, crypto, db, sqlite, tenancy, terms
from app.kernel.access import acting

AUDIT_KEPT, MAILS_KEPT = timedelta(days=90), timedelta(days=2)
"""How far back there are audit rows and mails: as if what is older had been let go."""
TOLD_EVERY = 500
CACHE_KB = 256 * 1024
"""Of the connection to SQLite while this is written."""
ISSUES = ("sign_up", "issue_renewal")
PAYS = ("pay", "pay_renewal")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Tell = Callable[[int, int], None]
"""Hears how many customers and rows are written."""


@dataclass(frozen=True)
class Written:
    """What was made."""

    customers: int
    invoices: int
    rows: int


@dataclass(frozen=True)
class Cast:
    """Somebody and the course of their life."""

    person: Person
    course: Course


@dataclass
class Sheets:
    """The recorded acts of each kind of life, recorded when one of the kind first comes."""

    _known: dict[Kind, dict[str, Sheet]] = field(default_factory=dict)

    def of(self, kind: Kind) -> dict[str, Sheet]:
        """Every act of such a life."""
        if kind not in self._known:
            takes, known = recorder.record(kind), dict[UUID, int]()
            self._known[kind] = {act: stamps.cut(take, db.engine().dialect, known) for act, take in takes.items()}
        return self._known[kind]


def load(customers: int, *, seed: int = 1, tell: Tell = lambda _customers, _rows: None) -> tuple[DemoLogin, Written]:
    """Bring the demo made with `seed` to so many customers; a login for the first of the new ones.

    Those who are here already stay as they are.
    """
    cast = plan(seed=seed)
    with db.transaction(write=False):
        known = bisect_left(
            range(customers), True, key=lambda number: not accounts.is_email_taken(cast(number).person.email)
        )
    if known == customers:
        return DemoLogin("", "", 0), Written(0, 0, 0)
    password = secrets.token_urlsafe(9)
    password_hash, email = crypto.hash_password(password), cast(known).person.email

    def give() -> None:
        user = db.session().scalars(sa.select(User).where(User.email_key == accounts.normalise_email(email))).one()
        accounts.give_password(user, password_hash)

    with acting(DEMO):
        written = write(range(known, customers), cast, tell=tell, besides=give)
        posts.load()
        articles.write(began=clock.now() - timedelta(days=13))
    return DemoLogin(email, password, written.customers), written


def plan(*, seed: int) -> Callable[[int], Cast]:
    """A function that tells of customer 0, 1, ...: the same each time."""
    now, may_use_promo = clock.now(), _has_promo()

    def tell(number: int) -> Cast:
        mark = f"{number}" if seed == 1 else f"{number}-{seed}"
        person = people.somebody(random.Random(f"{seed}:{number}"), mark)
        is_company = bool(person.company)
        return Cast(
            person, lives.course(number, seed=seed, now=now, is_company=is_company, may_use_promo=may_use_promo)
        )

    return tell


def _has_promo() -> bool:
    """Whether everybody may use the promo code, however often."""
    with db.transaction(write=False) as session:
        code = session.scalar(sa.select(PromoCode).where(PromoCode.code_key == PROMO))
        return code is not None and code.ended_at is None and code.maximum_uses is None and code.valid_to is None


def write(
    numbers: range,
    cast: Callable[[int], Cast],
    *,
    tell: Tell = lambda _customers, _rows: None,
    trims: bool = True,
    besides: Callable[[], None] = lambda: None,
) -> Written:
    """Write these customers, whose lives `cast` tells, all in one transaction.

    `besides` is done in it too, at its end. With `trims` old audit rows and mails
    are left out (`AUDIT_KEPT`, `MAILS_KEPT`).
    """
    now = clock.now()
    with db.transaction():
        keys.key_for(tenancy.current())  # what recordings find is nobody's own
        _take_numbers(0)
    sheets = Sheets()
    for kind in _kinds(numbers, cast):
        sheets.of(kind)
    order = _order(numbers, cast)
    with db.transaction() as session, _roomy(session):
        first = _take_numbers(len(order))
        writer = _Writer(sheets, Pile(session), first, order, now if trims else None)
        for done, number in enumerate(numbers, start=1):
            writer.live(cast(number))
            if done % TOLD_EVERY == 0:
                tell(done, writer.pile.rows)
        writer.pile.flush()
        figures.add_days(tenancy.current(), writer.figures)
        _count_promo(writer.promos)
        besides()
        tell(len(numbers), writer.pile.rows)
    return Written(len(numbers), len(order), writer.pile.rows)


@contextmanager
def _roomy(session: db.PanelSession) -> Iterator[None]:
    """Let SQLite keep more of its indexes in memory on this connection: what it writes and when stays as it is."""
    if db.is_postgresql():
        yield
        return
    connection = session.connection()
    connection.exec_driver_sql(f"PRAGMA cache_size=-{CACHE_KB}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size=-{sqlite.CACHE_KB}")


def _kinds(numbers: range, cast: Callable[[int], Cast]) -> list[Kind]:
    """Every kind of life there is: recorded before the one transaction begins."""
    found: dict[Kind, None] = {}
    for number in numbers:
        found[cast(number).course.kind] = None
    return list(found)


def _order(numbers: range, cast: Callable[[int], Cast]) -> Sequence[int]:
    """For each invoice, in the order in which they are written, its place in the order of issue."""
    moments = array("q")
    for number in numbers:
        moments.extend(
            (event.at - _EPOCH) // timedelta(microseconds=1)
            for event in cast(number).course.events
            if event.act in ISSUES
        )
    places = array("l", bytes(array("l").itemsize * len(moments)))
    for place, at in enumerate(sorted(range(len(moments)), key=moments.__getitem__)):
        places[at] = place
    return places


def _take_numbers(count: int) -> int:
    """So many numbers of the series of invoices, in one go; the first of them."""
    session = db.session()
    row = session.scalar(sa.select(NumberSeries).where(NumberSeries.kind == SERIES).with_for_update())
    if row is None:
        row = NumberSeries(kind=SERIES, last=0)
        session.add(row)
    first = row.last + 1
    row.last += count
    session.flush()
    return first


def _count_promo(uses: int) -> None:
    if uses:
        count = sa.update(PromoCode).where(PromoCode.code_key == PROMO).values(uses=PromoCode.uses + uses)
        db.session().execute(count.execution_options(synchronize_session=False))


class _Writer:
    """Writes one life after the other."""

    def __init__(
        self, sheets: Sheets, pile: Pile, first: int, order: Sequence[int], trimmed_at: datetime | None
    ) -> None:
        self.pile, self.figures, self.promos = pile, Counter[Key](), 0
        self._sheets, self._first, self._order = sheets, first, order
        self._trimmed_at = trimmed_at
        self._issued = 0
        self._as_bytes = not db.is_postgresql()
        tenant = tenants.current()
        self._prefix, self._zone = tenant.number_prefix, tenant.time_zone
        self._clock = ZoneInfo(tenant.time_zone)

    def live(self, one: Cast) -> None:
        """Write one customer's whole life."""
        kind = one.course.kind
        sheets, period, life = self._sheets.of(kind), Period(kind.cycle), Life(one.person, gateway=one.course.gateway)
        self.promos += kind.promo_code is not None and one.course.events[-1].act != "lapse"
        for at, event in enumerate(one.course.events):
            sheet = sheets[event.act]
            stamps.begin(sheet, life, period.moments(event.act, event.at), as_bytes=self._as_bytes)
            if event.act in ISSUES:
                self._number(life, event.at)
            elif event.act in PAYS:
                life.reference = f"{life.gateway[:2].upper()}-{life.sequence}-{at}"
            self._act(sheet, life, event.at)
        self._words(life, sheets["sign_up"])
        self.pile.let_go()

    def _words(self, life: Life, sheet: Sheet) -> None:
        """What the customer and their person are found by."""
        person, tenant_id = life.person, tenancy.current()
        name = f"{person.first_name} {person.last_name}".strip()
        customer = Customer(company=person.company, name=name, email=person.email)
        user = User(first_name=person.first_name, last_name=person.last_name, email=person.email)
        for kind, row in (("customer", customer), ("user", user)):
            row_id = life.id_of(sheet, row.__tablename__)
            self.pile.add_words(terms.rows(kind, row_id, row.texts, tenant_id=tenant_id))

    def _number(self, life: Life, at: datetime) -> None:
        life.sequence = self._first + self._order[self._issued]
        life.number = f"{self._prefix}-{at.astimezone(self._clock).year}-{life.sequence:06}"
        self._issued += 1

    def _act(self, sheet: Sheet, life: Life, at: datetime) -> None:
        left_out = self._left_out(at)
        for stamp in sheet.added:
            row = stamp.press(life)
            life.rows[stamp.place] = row
            if stamp.table not in left_out:
                self.pile.add(stamp.table, row)
        for stamp in sheet.changed:
            life.rows[stamp.place].update(stamp.press(life))
        for place in sheet.gone:
            life.rows.pop(place)["id"] = None  # taken out when it is written
        for name, currency, amount in sheet.figures:
            self.figures[figures.day_of(at, self._zone), name, currency] += amount

    def _left_out(self, at: datetime) -> frozenset[str]:
        if self._trimmed_at is None or at > self._trimmed_at - MAILS_KEPT:
            return frozenset()
        if at > self._trimmed_at - AUDIT_KEPT:
            return frozenset({"email_queue"})
        return frozenset({"email_queue", "audit_logs"})
