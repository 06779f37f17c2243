"""Merging: what moves, what stays and shows, what is refused."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app import reactions
from app.features.accounts import by_hand, merged
from app.features.accounts import service as accounts
from app.features.accounts.customers import CUSTOMERS
from app.features.accounts.models import CustomerAlias, CustomerNote, User
from app.features.audit import service as audit
from app.features.audit.models import AuditLog
from app.features.billing import ledger, own, settlement, slots, voiding
from app.features.dashboard import reports, truth
from app.features.merging import moving, service
from app.features.messages.models import EmailMessage
from app.features.orders.models import Order
from app.features.payments import cash
from app.features.payments import slots as payments
from app.features.payments.models import Payment
from app.features.people.models import Invitation
from app.features.privacy import service as privacy
from app.features.privacy import tasks
from app.features.sessions import impersonation
from app.features.sessions import service as sessions
from app.features.subscriptions.models import Subscription
from app.kernel import db, events
from app.kernel.access import Role
from app.kernel.errors import Invalid
from app.kernel.money import Money
from tests.accounts.factories import make_mate
from tests.catalogue.factories import make_promo_code
from tests.merging.factories import fill, make_old, merge, paper
from tests.orders.factories import customer_of, make_order
from tests.payments.factories import credit_of, make_invoice, make_payment
from tests.people.factories import make_invitation
from tests.privacy.factories import fetched
from tests.support.cast import principal_of

pytestmark = pytest.mark.both_stores


@pytest.fixture
def ann(tenant) -> User:
    """OWNER of Oldname, which goes into Alice's account."""
    return make_old()


def owners(model) -> set:
    return set(db.session().scalars(sa.select(model.customer_id)))


def test_what_can_move_moves_and_what_is_issued_stays_byte_for_byte(plans, ann, alice, sam):
    old_id, invoice = ann.customer_id, fill(ann, sam)
    before = paper(invoice)

    kept = merge(ann, alice)
    db.session().expire_all()

    assert owners(Order) == owners(Subscription) == owners(CustomerNote) == {kept.id}
    assert owners(Payment) == {old_id} and paper(invoice) == before
    assert [one.invoice_id for one in slots.recent_invoices(kept.id)] == [invoice.id]
    assert [one.payment_id for one in payments.recent_payments(kept.id)] != []
    assert slots.balances_of(kept.id)[0].paid_invoices == 1
    assert len(accounts.people_of(kept.id)) == 3 and accounts.people_of(old_id) == []


def test_credit_is_moved_by_an_entry_that_balances(plans, ann, alice, sam):
    fill(ann, sam)
    assert credit_of(ann) == 250

    kept = merge(ann, alice)

    assert (kept.credit_minor, credit_of(alice)) == (250, 250)
    assert ledger.check() == [] and cash.check() == []


def test_an_open_invoice_of_the_merged_one_is_owed_paid_and_overpaid_by_the_kept_one(ann, alice):
    invoice = make_invoice(ann, 1000)
    kept = merge(ann, alice)
    assert slots.owed_by(kept.id) == [slots.OpenAmount(Money(1000, "USD"), invoices=1, overdue=0)]
    assert own.to_pay(kept.id) == [invoice] and own.find_all(kept.id, [invoice.id]) == [invoice]

    make_payment(invoice, 1300)

    assert invoice.status == "paid" and kept.credit_minor == 300
    assert ledger.check() == [] and cash.check() == []
    receipts = db.session().scalars(
        sa.select(EmailMessage.to_user_id).where(EmailMessage.template == "payment_received")
    )
    assert set(receipts) == {ann.id, alice.id}


def test_credit_of_the_kept_one_pays_what_the_merged_one_owed(ann, alice):
    make_payment(make_invoice(alice, 100), 600)
    invoice = make_invoice(ann, 400)
    kept = merge(ann, alice)

    settlement.settle_with_credit(invoice.id, Money(400, "USD"), memo="")

    assert invoice.status == "paid" and kept.credit_minor == 100
    assert ledger.check() == []


def test_the_people_of_both_sign_in_as_before_and_keep_their_roles(ann, alice):
    tom = make_mate(ann, Role.BILLING)
    kept = merge(ann, alice)
    db.session().expire_all()

    found = {person.id: person.role for person in accounts.people_of(kept.id)}
    assert found == {ann.id: Role.OWNER, alice.id: Role.OWNER, tom.id: Role.BILLING}
    who = sessions.resolve(sessions.start(tom, ip="127.0.0.1", user_agent="")[1])
    assert who is not None and who.customer_id == kept.id


def test_a_kept_one_can_be_merged_into_a_third_with_all_that_went_into_it(plans, ann, alice, bob, sam):
    old_id, alices_id = ann.customer_id, alice.customer_id
    invoice = fill(ann, sam)
    merge(ann, alice)
    third = merge(alice, bob)
    db.session().expire_all()

    assert merged.kept_of(old_id) == merged.kept_of(alices_id) == third.id
    assert set(merged.ids_of(third.id)) == {third.id, old_id, alices_id}
    assert [one.invoice_id for one in slots.recent_invoices(third.id)] == [invoice.id]
    assert third.credit_minor == 250 and ledger.check() == []


def test_what_stands_in_the_way_is_said_and_nothing_is_done(ann, alice, sam, bob):
    goes, kept = customer_of(ann), customer_of(alice)
    refusals = {}

    def refused(*pair):
        with pytest.raises(service.Conflict) as caught:
            service.merge(*pair)
        return caught.value.code

    refusals["itself"] = refused(kept, kept)
    by_hand.close(goes)
    refusals["closed"] = refused(goes, kept)
    by_hand.reopen(goes)
    wish = privacy.ask_erasure(principal_of(alice), kept)
    refusals["asked to be erased"] = refused(goes, kept)
    privacy.refuse(principal_of(sam), privacy.find_erasure(wish.id), reason="Not now.")
    db.session().flush()
    _login, token = sessions.start(sam, ip="127.0.0.1", user_agent="")
    db.session().flush()
    impersonation.start(sessions.resolve(token), ann.id, user_agent="")
    refusals["looked at"] = refused(goes, kept)

    assert refusals == {
        "itself": "same_customer", "closed": "closed", "asked to be erased": "erasure_open",
        "looked at": "impersonated",
    }  # fmt: skip
    assert db.session().scalars(sa.select(CustomerAlias)).all() == []


def test_another_currency_is_refused_only_while_money_is_open(alice):
    euros = make_old(currency="EUR")
    invoice = make_invoice(euros, 500, currency="EUR")
    with pytest.raises(service.OtherCurrency, match="to be paid"):
        merge(euros, alice)
    make_payment(invoice, 700)
    with pytest.raises(service.OtherCurrency, match="in credit"):
        merge(euros, alice)

    settled = make_old("eve@settled.example", "Settled", currency="EUR")
    voiding.void(make_invoice(settled, 500, currency="EUR").id)
    assert merge(settled, alice).id == alice.customer_id


def test_one_that_was_merged_is_over_for_good(ann, alice, sam):
    old = customer_of(ann)
    kept = merge(ann, alice)
    staff = principal_of(sam)

    for pair in ((old, kept), (kept, old)):
        with pytest.raises(merged.Merged, match="Oldname was merged into"):
            service.merge(*pair)
    with pytest.raises(merged.Merged):
        accounts.find_customer(staff, old.id)
    with pytest.raises(merged.Merged):
        accounts.check_customer(staff, old.id)
    with pytest.raises(merged.Merged):
        merged.hold(old.id)
    assert accounts.find_customer(staff, old.id, follows=True).id == kept.id


def test_no_list_counts_it_and_its_name_leads_to_the_kept_one(ann, alice, sam):
    def listed(text=""):
        asked = CUSTOMERS.read({"q": text})
        return [line.id for line in CUSTOMERS.page(asked).items], CUSTOMERS.count(asked).number

    kept = merge(ann, alice)

    assert listed() == ([kept.id], 1)
    assert listed("oldname")[0] == [kept.id]
    by_hand.change(kept, company="Newname")
    assert listed("oldname")[0] == listed("newname")[0] == [kept.id]
    assert ann.customer_id == kept.id


def test_the_kept_figures_stay_true(plans, ann, alice, sam):
    fill(ann, sam)
    before, faults = reports.acquisition(None), truth.check()

    merge(ann, alice)

    assert truth.check() == faults
    after = reports.acquisition(None)
    assert after.customers == before.customers - 1
    assert [row.revenue for row in after.rows] == [row.revenue for row in before.rows]


def test_the_log_hears_of_it_with_both_names_and_what_moved(ann, alice):
    old_id = ann.customer_id
    kept = merge(ann, alice)

    row = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "CUSTOMER_MERGED")).one()
    assert row.resource_id == kept.id
    assert "Oldname" in str(audit.personal_part(row)) and str(old_id) in str(row.state_after)
    moved = db.session().scalars(
        sa.select(AuditLog).where(AuditLog.action == "RECORD_UPDATED", AuditLog.resource_type == "user")
    )
    assert {"customer_id": str(old_id)} in [one.state_before for one in moved]


def test_of_two_open_invitations_to_one_address_one_is_left(ann, alice):
    make_invitation(ann, email="carl@example.com", customer_id=ann.customer_id)
    stays, _token = make_invitation(alice, email="carl@example.com", customer_id=alice.customer_id)
    other, _token = make_invitation(ann, email="dora@example.com", customer_id=ann.customer_id)

    kept = merge(ann, alice)
    db.session().expire_all()

    is_open = sa.select(Invitation.id).where(Invitation.revoked_at.is_(None), Invitation.customer_id == kept.id)
    assert set(db.session().scalars(is_open)) == {stays.id, other.id}


def test_uses_of_a_promo_code_are_counted_together(plans, ann, alice):
    make_promo_code("ONCE", percent=10, maximum_per_customer=1)
    make_order(ann, promo_code="ONCE")
    merge(ann, alice)
    db.session().expire_all()

    with pytest.raises(Invalid):
        make_order(alice, promo_code="ONCE")


def test_erasing_the_kept_one_erases_the_merged_one_with_it(ann, alice, sam):
    old = customer_of(ann)
    kept = merge(ann, alice)
    privacy.erase_now(principal_of(sam), kept)
    tasks.carry_out()
    db.session().expire_all()

    assert old.erased_at is not None and kept.erased_at is not None
    assert old.name == "Erased customer" and ann.removed_at is not None
    assert CUSTOMERS.page(CUSTOMERS.read({"q": "oldname"})).items == []


def test_every_record_that_moves_may_stand_beside_those_of_the_kept_one():
    """A rule of the database that makes something of a customer unique would stop a merging: each is minded here."""
    minded = {"ix_invitations_open_customer": "of two open invitations one is withdrawn"}
    found = set()
    for column in moving._pointing_to_customers(stays=False):
        table = column.class_.metadata.tables[column.class_.__tablename__]
        for rule in (*table.indexes, *(one for one in table.constraints if isinstance(one, sa.UniqueConstraint))):
            is_unique = getattr(rule, "unique", True)
            if is_unique and column.key in {one.key for one in rule.columns}:
                found.add(rule.name)

    assert found == set(minded)


def test_a_copy_of_the_kept_one_holds_what_the_merged_one_was_billed(ann, alice, as_alice):
    invoice = make_invoice(ann)
    merge(ann, alice)
    privacy.ask_copy(principal_of(alice), "customer", alice.customer_id)
    tasks.make_copies()

    archive = fetched(as_alice, alice)

    assert invoice.number in archive.read("invoices.json").decode()
    assert "Oldname" in archive.read("customer.json").decode()
    assert len(json.loads(archive.read("merged.json"))) == 1


def test_a_rule_that_erases_closed_customers_leaves_the_merged_one_to_the_kept_one(ann, alice, tenant):
    old = customer_of(ann)
    merge(ann, alice)
    old.closed_at -= timedelta(days=400)
    tenant.keep_closed_days = 30
    db.session().flush()

    tasks.let_go()

    assert privacy.open_erasure(old.id) is None


def test_endpoints_hear_of_it_and_of_later_things_under_the_kept_ones_id(ann, alice):
    told = []
    invoice = make_invoice(ann, 900)
    events.wire(reactions.REACTIONS, always=(audit.on_event, told.append))
    try:
        kept = merge(ann, alice)
        make_payment(invoice, 900)
    finally:
        reactions.wire()

    said = {event.name: event.payload() for event in told}
    assert (said["customer.merged"]["customerId"], said["customer.merged"]["mergedName"]) == (str(kept.id), "Oldname")
    assert said["payment.succeeded"]["customerId"] == said["invoice.paid"]["customerId"] == str(kept.id)
