"""Two who merge at the same moment, on real connections."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from app import reactions
from app.features.accounts import credit, notes
from app.features.accounts import service as accounts
from app.features.accounts.models import Customer, CustomerAlias, CustomerNote, User
from app.features.billing import ledger
from app.features.billing import service as billing
from app.features.billing.service import LineDraft
from app.features.catalogue import service as catalogue
from app.features.merging import service
from app.features.payments import service as payments
from app.features.people import service as people
from app.features.people.models import Invitation
from app.features.privacy import service as privacy
from app.features.privacy.models import Erasure
from app.features.sessions import impersonation, oversight
from app.features.sessions import service as sessions
from app.features.subscriptions import lifecycle
from app.features.subscriptions.models import Subscription
from app.features.tenants import service as tenants
from app.kernel import crypto, db, tenancy
from app.kernel.access import Role
from app.kernel.errors import Conflict
from app.kernel.money import Money
from tests.provisioning.factories import jobs_of, make_paid
from tests.support.cast import principal_of

pytestmark = pytest.mark.both_stores

ROUNDS = 3


@pytest.fixture
def house(panel_app, fresh_engine):
    """A tenant on a database of this test alone, with real commits."""
    reactions.wire()
    tenants.forget()
    with tenancy.across_tenants("operator"), db.transaction():
        made = tenants.create("Harbourline", slug="harbourline")
    with tenancy.as_tenant(made.id):
        yield made.id
    tenants.forget()


def make_customer(name, *, credit=0):
    with db.transaction():
        customer, _user = accounts.register(email=f"{name}@example.com", first_name=name, last_name="")
        invoice = billing.issue(customer=customer, lines=[LineDraft("Work", 1000)], currency="USD")
        if credit:
            payments.receive(invoice.id, Money(1000 + credit, "USD"), gateway="bank", reference=name)
        return customer.id, invoice.id


def at_once(house, *works):
    """All of them together; what each answers, or the code of its refusal."""
    gate = threading.Barrier(len(works))

    def one(work):
        gate.wait()
        try:
            with tenancy.as_tenant(house), db.transaction():
                return work()
        except Conflict as refusal:
            return refusal.code

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(one, works))


def merging(goes_id, kept_id):
    """What one member of staff does."""

    def work():
        goes, kept = (db.session().get_one(Customer, one) for one in (goes_id, kept_id))
        service.merge(goes, kept)
        return "done"

    return work


def check():
    with db.transaction(write=False) as session:
        aliases = [(one.merged_id, one.kept_id) for one in session.scalars(sa.select(CustomerAlias))]
        open_ones = set(session.scalars(sa.select(Customer.id).where(Customer.merged_at.is_(None))))
        return aliases, open_ones, ledger.check()


def test_of_two_that_are_merged_into_each_other_one_is_and_the_other_is_refused(house):
    for number in range(ROUNDS):
        (one, _), (other, _) = make_customer(f"one{number}", credit=100), make_customer(f"other{number}", credit=50)

        answers = at_once(house, merging(one, other), merging(other, one))

        aliases, open_ones, faults = check()
        assert sorted(answers) == ["done", "merged"]
        assert len([pair for pair in aliases if {*pair} == {one, other}]) == 1
        assert len({one, other} & open_ones) == 1 and faults == []


def test_money_that_comes_while_its_customer_is_merged_is_the_kept_ones_credit(house):
    for number in range(ROUNDS):
        (goes, invoice_id), (kept, _) = make_customer(f"goes{number}"), make_customer(f"kept{number}")

        def paying(invoice_id=invoice_id, number=number):
            payments.receive(invoice_id, Money(1300, "USD"), gateway="bank", reference=f"late{number}")
            return "paid"

        assert at_once(house, paying, merging(goes, kept)) == ["paid", "done"]

        with db.transaction(write=False) as session:
            held = {one: session.get_one(Customer, one).credit_minor for one in (goes, kept)}
            assert held == {goes: 0, kept: 300}
            assert ledger.check() == []


def while_merging(house, goes, kept, work):
    """`work`, begun when one is merged into the other and that is not committed yet: what both answer."""
    is_merged = threading.Event()

    def merge_slowly():
        merging(goes, kept)()
        is_merged.set()
        time.sleep(0.5)  # the other one finds the row locked meanwhile
        return "done"

    def wait():
        assert is_merged.wait(30)
        return work()

    return at_once(house, merge_slowly, wait)


def test_credit_that_waits_for_a_merging_to_end_is_the_kept_ones(house):
    (goes, _), (kept, _) = make_customer("goes"), make_customer("kept")

    def give():
        credit.add(goes, Money(300, "USD"))
        return "given"

    assert while_merging(house, goes, kept, give) == ["done", "given"]
    with db.transaction(write=False) as session:
        assert [session.get_one(Customer, one).credit_minor for one in (goes, kept)] == [0, 300]


@pytest.fixture
def staff(house):
    with db.transaction():
        return principal_of(
            accounts.create_staff(email="sam@example.com", first_name="Sam", last_name="", role=Role.OWNER)
        )


def note(staff, customer_id):
    notes.write(accounts.find_customer(staff, customer_id), "Pays in time.", who=staff)


def invitation(staff, customer_id):
    customer = accounts.find_customer(staff, customer_id)
    people.invite(staff, email="carl@example.com", role=Role.MEMBER, customer_id=customer.id)


def wish(staff, customer_id):
    privacy.ask_erasure(staff, accounts.find_customer(staff, customer_id))


@pytest.mark.parametrize(("write", "model"), [(note, CustomerNote), (invitation, Invitation), (wish, Erasure)])
def test_nothing_is_written_for_one_that_is_merged_this_moment(house, staff, write, model):
    (goes, _), (kept, _) = make_customer("goes"), make_customer("kept")

    assert while_merging(house, goes, kept, lambda: write(staff, goes)) == ["done", "merged"]
    with db.transaction(write=False) as session:
        assert session.scalars(sa.select(model)).all() == []


@pytest.mark.only_store("postgresql")
def test_staff_see_nothing_as_somebody_whose_account_is_merged_this_moment(house, staff):
    (goes, _), (kept, _) = make_customer("goes"), make_customer("kept")
    with db.transaction() as session:
        ann = accounts.people_of(goes)[0].id
        _login, token = sessions.start(session.get_one(User, staff.user_id), ip="127.0.0.1", user_agent="")

    def look():
        impersonation.start(sessions.resolve(token), ann, user_agent="")

    assert while_merging(house, goes, kept, look) == ["done", "merged"]
    with db.transaction(write=False):
        assert not oversight.is_looked_at((goes, kept))


def test_who_comes_in_by_an_invitation_while_its_account_is_merged_comes_into_the_kept_one(house, staff):
    (goes, _), (kept, _) = make_customer("goes"), make_customer("kept")
    with db.transaction():
        asked = people.invite(staff, email="carl@example.com", role=Role.MEMBER, customer_id=goes)
        token = crypto.link_token(Invitation.link_purpose, asked.id)

    def come_in():
        user, _login, _token = people.accept(
            token, first_name="Carl", last_name="", password_hash="-", ip="127.0.0.1", user_agent=""
        )
        return user.customer_id

    assert while_merging(house, goes, kept, come_in) == ["done", kept]


def test_a_service_is_switched_off_and_its_customer_merged_in_the_same_moment(house, monkeypatch):
    (goes, _), (kept, _) = make_customer("goes"), make_customer("kept")
    with db.transaction():
        catalogue.install_defaults()
        service_id = make_paid(accounts.people_of(goes)[0]).id
    is_changed, tell = threading.Event(), lifecycle.publish

    def tell_slowly(event):
        is_changed.set()
        time.sleep(0.5)  # the merging comes to this service meanwhile
        tell(event)

    monkeypatch.setattr(lifecycle, "publish", tell_slowly)

    def switch_off():
        lifecycle.suspend(db.session().get_one(Subscription, service_id), reason="Unpaid")
        return "off"

    def merge():
        assert is_changed.wait(30)
        return merging(goes, kept)()

    assert at_once(house, switch_off, merge) == ["off", "done"]
    with db.transaction(write=False) as session:
        service = session.get_one(Subscription, service_id)
        assert (service.status, service.customer_id) == ("suspended", kept)
        assert {job.customer_id for job in jobs_of(service_id)} == {kept}
