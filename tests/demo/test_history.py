"""Years of demo history in bulk say row by row what the services would have written."""

import json
import random
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.demo import acts, history, lives
from app.demo.acts import Kind
from app.demo.history import Cast
from app.demo.house import load as load_house
from app.demo.lives import Course, Event
from app.demo.people import Person, somebody
from app.demo.recorder import DEMO
from app.features.accounts.customers import CUSTOMERS
from app.features.accounts.models import Customer, User
from app.features.audit import keys
from app.features.audit import service as audit
from app.features.audit.models import AuditLog
from app.features.billing import ledger
from app.features.billing.models import Invoice, NumberSeries
from app.features.branding import service as branding
from app.features.catalogue import service as catalogue
from app.features.dashboard import service as figures
from app.features.dashboard import truth
from app.features.dashboard.models import FIGURES, DailyFigure, FigureDelta
from app.features.provisioning import access
from app.features.provisioning.models import ProvisioningJob, ServiceAccess
from app.features.subscriptions.models import Subscription
from app.features.tenants import service as tenants
from app.kernel import clock, db, tenancy
from app.kernel.access import acting

pytestmark = [pytest.mark.both_stores, pytest.mark.slow]

NOW = datetime(2026, 11, 20, 13, 22, tzinfo=UTC)
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SECRET = {("person_keys", "sealed_key"), ("audit_logs", "personal"), ("service_accesses", "sealed")}
PLACED = {("audit_logs", "position")}
"""Says in which order rows were written, which is not the same."""
NOTED = {"daily_figures", "figure_deltas"}
"""Compared as sums: who folds when is not the same."""
PEOPLE = (
    Person(
        "Łukasz", "O'Brien \"Q\"", "Żaba & Sons sp. z o.o.", "lukasz@zaba1.example.com", "PL", "Łódź", "7 Mill Lane",
        "90-001", "+48 12 555 1000", ("google-ads", "summer-sale", "google", "cpc"),
    ),
    Person("أمل", "حداد", "Elm Books", "haddad3@elmbooks3.example.com", "EG", "أسوان", "9 Chapel Row", "1", "+20 3 555 11"),
    Person("葵", "佐藤", "", "sato2@post.example.com", "JP", "京都", "1 Harbour Way", "60001", "+81 75 555 1"),
)  # fmt: skip
BEGINS = (
    ("sign_up", 0), ("pay", 2.5), ("wait", 2.6), ("set_up", 3.1), ("issue_renewal", 20), ("pay_renewal", 24),
    ("issue_renewal", 50),
)  # fmt: skip
FORGETS = (("suspend", 70), ("switch_off", 70.5), ("terminate", 95), ("take_down", 96))
LAPSES = (("lapse", 14.2),)
LEAVES = (("cancel", 51), ("end", 64), ("clear", 65))


def cast(number: int) -> Cast:
    """Three lives: one that goes on and is suspended in the end, one that never pays, one that leaves."""
    ends = (FORGETS, LAPSES, LEAVES)[number]
    begins = (BEGINS, BEGINS[:1], BEGINS[:-1])[number]
    came = datetime(2025, 12, 29, 23, 50, tzinfo=UTC) + timedelta(hours=number, microseconds=number)
    events = tuple(Event(act, came + timedelta(days=day)) for act, day in (*begins, *ends))
    kind = Kind("shared-business", "monthly", acts.PROMO if number else None, bool(PEOPLE[number].company))
    return Cast(PEOPLE[number], Course(number, kind, ("bank", "bank", "stripe")[number], events))


@pytest.fixture
def house(panel_app, fresh_engine):
    """A tenant with plans in a database of its own: real commits. Called again it is a second one."""

    def make(slug: str):
        with tenancy.across_tenants("operator"), clock.moved_to(NOW), db.transaction():
            tenant = tenants.create("Harbourline", slug=slug, is_operator=slug == "one")
        tenants.forget()
        with tenancy.as_tenant(tenant.id), clock.moved_to(NOW), db.transaction():
            keys.key_for(tenant.id)
            history._take_numbers(0)
            branding.install_defaults(tenant)
            catalogue.install_defaults()
        return tenant.id

    yield make
    tenants.forget()


def told_by_services() -> None:
    """The same lives, act by act and in the order of time, as people live them."""
    events = sorted(
        ((event, cast(number)) for number in range(3) for event in cast(number).course.events),
        key=lambda one: one[0].at,
    )
    stories, paid = {}, Counter()
    for event, one in events:
        number, course = one.course.number, one.course
        with acting(DEMO), clock.moved_to(event.at):
            if event.act == "sign_up":
                stories[number] = acts.sign_up(one.person, course.kind, gateway=course.gateway)
                continue
            story = stories[number]
            if event.act in history.PAYS:
                with db.transaction(write=False):
                    sequence = story.invoice.sequence
                at = [other.at for other in course.events].index(event.at)
                do = acts.pay if event.act == "pay" else acts.pay_renewal
                do(story, reference=f"{course.gateway[:2].upper()}-{sequence}-{at}")
                paid[number] += 1
            else:
                DOES[event.act](story)


DOES = {
    "lapse": acts.lapse,
    "wait": acts.hand_over,
    "set_up": acts.set_up,
    "issue_renewal": acts.issue_renewal,
    "suspend": acts.suspend,
    "switch_off": acts.set_up,
    "terminate": acts.terminate,
    "take_down": acts.set_up,
    "cancel": acts.cancel,
    "end": acts.end,
    "clear": acts.set_up,
}


def everything() -> dict[str, Counter[str]]:
    """Every row of the tenant, with ids replaced by what they stand for and secrets opened."""
    rows = {}
    for table in tenancy.tenant_tables():
        if table.name in NOTED:
            continue
        mine = sa.select(table).where(table.c.tenant_id == tenancy.current())
        found = db.session().execute(tenancy.named(mine, "the tenant's own")).mappings()
        rows[table.name] = [dict(row) for row in found]
    names = {str(tenancy.current()): "the tenant"}
    for table, found in rows.items():
        for row in found:
            if "id" in row:
                plain = {key: value for key, value in row.items() if (table, key) not in SECRET | PLACED}
                names[str(row["id"])] = f"{table}<{ID.sub('', json.dumps(plain, default=str, sort_keys=True))}>"
    opened = _opened()
    told = {}
    for table, found in rows.items():
        told[table] = Counter()
        for row in found:
            if (table, row.get("resource_type")) == ("audit_logs", "tenant"):
                continue  # the two are called differently
            plain = {
                key: str(value) for key, value in row.items() if (table, key) not in SECRET | PLACED and key != "id"
            }
            if table != "branding_configurations":
                text = json.dumps(plain | {"secret": opened.get(row.get("id"), "")}, sort_keys=True)
                told[table][ID.sub(lambda hit: names.get(hit[0], "what is gone"), text)] += 1
    return told


def _opened() -> dict[object, str]:
    """What is personal in the audit log, and how to get into services."""
    found = {
        row.id: json.dumps(audit.personal_part(row), sort_keys=True)
        for row in db.session().scalars(sa.select(AuditLog))
    }
    for row in db.session().scalars(sa.select(ServiceAccess)).all():
        with db.session().begin_nested() as nested:
            found[row.id] = str(access.reveal(row.subscription_id).shown)
            nested.rollback()
    return found


def sums() -> dict[tuple[object, ...], int]:
    """The kept figures."""
    figures.fold()
    with db.transaction(write=False) as session:
        return {
            (row.day, name, row.currency): amount
            for row in session.scalars(sa.select(DailyFigure))
            for name in FIGURES
            if (amount := getattr(row, name))
        }


def test_bulk_writes_row_by_row_what_the_services_write(house):
    one, other = house("one"), house("other")
    with tenancy.as_tenant(one):
        told_by_services()
        with db.transaction():
            by_services = everything()
        kept_by_services = sums()
    with tenancy.as_tenant(other), clock.moved_to(NOW), acting(DEMO):
        written = history.write(range(3), cast, trims=False)
        with db.transaction():
            in_bulk = everything()
        kept_in_bulk = sums()

    assert written.customers == 3 and written.invoices == 6
    assert {table for table, rows in by_services.items() if rows} == {table for table, rows in in_bulk.items() if rows}
    for table, rows in by_services.items():
        assert sorted((in_bulk[table] - rows).elements())[:2] == sorted((rows - in_bulk[table]).elements())[:2], table
    assert kept_in_bulk == kept_by_services
    assert all(
        by_services[table] for table in ("payments", "provisioning_steps", "email_queue", "mrr_movements", "audit_logs")
    )


def test_history_keeps_what_the_panel_promises_and_loading_again_brings_who_is_not_here_yet(house):
    with tenancy.as_tenant(house("one")):
        login, written = history.load(14, seed=3)
        with db.transaction() as session:
            assert ledger.check() == []
            assert truth.check() == []
            numbers = sorted(session.scalars(sa.select(Invoice.sequence)))
            in_time = session.scalars(sa.select(Invoice.sequence).order_by(Invoice.issued_at)).all()
            last = session.scalar(sa.select(NumberSeries.last).where(NumberSeries.kind == "invoice"))
            states = set(session.scalars(sa.select(Subscription.status)))
            user = session.scalars(sa.select(User).where(User.email == login.email)).one()
            person = somebody(random.Random("3:7"), "7-3")
            found = CUSTOMERS.page(CUSTOMERS.read({"q": person.email}))
            left = session.scalar(sa.select(sa.func.count()).select_from(FigureDelta))

        assert numbers == list(in_time) == list(range(1, written.invoices + 1)) and last == written.invoices
        assert user.password_hash is not None
        assert len(found.items) == 1
        assert states >= {"active"} and left == 0

        again, none = (history.load(count, seed=3)[0] for count in (15, 15))
        with db.transaction() as session:
            count = session.scalar(sa.select(sa.func.count()).select_from(Customer))
            assert ledger.check() == []

    assert (login.made, again.made, none.made, count) == (14, 1, 0, 15)


def test_history_that_is_stopped_half_way_leaves_nothing(house):
    def stop(_done: int, _rows: int) -> None:
        raise KeyboardInterrupt

    with tenancy.as_tenant(house("one")):
        with pytest.raises(KeyboardInterrupt):
            history.load(1, seed=5, tell=stop)
        with db.transaction() as session:
            assert session.scalar(sa.select(sa.func.count()).select_from(Customer)) == 0
            assert session.scalar(sa.select(NumberSeries.last)) == 0


def test_lives_are_the_same_each_time_and_go_forward(house):
    def of(number: int) -> Course:
        return lives.course(number, seed=1, now=NOW, is_company=True, may_use_promo=True)

    courses = [of(number) for number in range(300)]

    assert courses == [of(number) for number in range(300)]
    for course in courses:
        moments = [event.at for event in course.events]
        assert moments == sorted(moments) and moments[-1] <= NOW and course.events[0].act == "sign_up"


def test_the_house_shows_every_situation_through_the_services(house):
    with tenancy.as_tenant(house("one")):
        login = load_house()
        with db.transaction() as session:
            paid = Counter(session.scalars(sa.select(Invoice.status)))
            states = Counter(session.scalars(sa.select(Subscription.status)))
            tasks = Counter(session.scalars(sa.select(ProvisioningJob.state)))
            ways_in = session.scalar(sa.select(sa.func.count()).select_from(ServiceAccess))
            assert ledger.check() == []

    assert login.made == 12
    assert paid == {"paid": 9, "issued": 3}
    assert states == {"active": 8, "suspended": 1, "pending": 3}
    assert tasks["kept"] == 3 and tasks["done"] == 7 and ways_in == 7
