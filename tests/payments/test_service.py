"""Money is counted once, pays what is open, becomes credit beyond that, and always stands in the ledger."""

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.billing import ledger
from app.features.billing import service as billing
from app.features.billing.models import LedgerEntry, LedgerPosting
from app.features.billing.service import LineDraft, NothingOpen, NotPayable
from app.features.payments import refunds, service
from app.features.payments.refunds import RefundTooLarge
from app.features.payments.service import ReferenceUsed
from app.kernel import clock, db, tenancy
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.money import Money
from tests.orders.factories import customer_of
from tests.payments.factories import credit_of, make_invoice, make_payment
from tests.support.cast import principal_of

pytestmark = pytest.mark.both_stores


def usd(minor):
    return Money(minor, "USD")


def actions():
    return list(db.session().scalars(sa.select(AuditLog.action).order_by(AuditLog.id)))


def sums():
    """What stands on each account of the ledger, without those that came to nothing."""
    total = sa.func.sum(LedgerPosting.amount_minor)
    rows = db.session().execute(sa.select(LedgerPosting.account, total).group_by(LedgerPosting.account))
    return {account: int(amount) for account, amount in rows if amount}


def is_sound():
    return ledger.check() == [] and service.check() == []


def refused(work):
    """Run what must be refused, and undo what it had begun, as a door does."""
    nested = db.session().begin_nested()
    with pytest.raises((Conflict, Invalid, NotFound)) as found:
        work()
    nested.rollback()
    return found.value


def test_what_is_paid_in_full_is_paid_and_told(alice):
    invoice = make_invoice(alice)
    before = len(actions())

    received = make_payment(invoice)

    assert (invoice.status, invoice.paid_minor, invoice.paid_at) == ("paid", 3992, clock.now())
    assert (received.payment.status, received.payment.amount_minor) == ("succeeded", 3992)
    assert actions()[before:] == ["PAYMENT_SUCCEEDED", "INVOICE_PAID"]
    assert sums() == {"revenue": -3992, "cash": 3992}
    assert is_sound()


def test_a_part_leaves_the_rest_open(alice):
    invoice = make_invoice(alice)

    make_payment(invoice, 1000)

    assert (invoice.status, invoice.open) == ("issued", usd(2992))
    make_payment(invoice, 2992)
    assert (invoice.status, invoice.open) == ("paid", usd(0))
    assert is_sound()


def test_what_is_too_much_becomes_credit(alice):
    invoice = make_invoice(alice)

    received = make_payment(invoice, 5000)

    assert (received.settled.applied, received.settled.credited) == (usd(3992), usd(1008))
    assert received.payment.credited_minor == 1008
    assert credit_of(alice) == 1008
    assert is_sound()


def test_money_for_what_is_paid_already_becomes_credit_whole(alice):
    invoice = make_invoice(alice)
    make_payment(invoice)

    received = make_payment(invoice, 3992)

    assert received.payment.credited_minor == 3992
    assert credit_of(alice) == 3992
    assert invoice.paid_minor == 3992
    assert actions().count("INVOICE_PAID") == 1
    assert is_sound()


def test_a_reference_pays_once_for_each_gateway(alice, bob):
    invoice, other = make_invoice(alice), make_invoice(bob)
    make_payment(invoice, 1000, reference="ZX-1")

    assert isinstance(refused(lambda: make_payment(invoice, 1000, reference="ZX-1")), ReferenceUsed)
    assert isinstance(refused(lambda: make_payment(other, 1000, reference="ZX-1")), ReferenceUsed)
    make_payment(other, 1000, gateway="external", reference="ZX-1")
    assert (invoice.paid_minor, other.paid_minor) == (1000, 1000)
    assert is_sound()


def test_another_tenants_reference_is_another(alice, charlie, other_tenant):
    make_payment(make_invoice(alice), reference="ZX-1")

    with tenancy.as_tenant(other_tenant.id):
        make_payment(make_invoice(charlie), reference="ZX-1")
        assert is_sound()


@pytest.mark.parametrize("amount", [usd(0), usd(-1), Money(3992, "EUR")])
def test_nothing_less_than_nothing_and_other_money_are_refused(alice, amount):
    invoice = make_invoice(alice)

    problem = refused(lambda: service.receive(invoice.id, amount, gateway="bank", reference="ZX-1"))

    assert list(problem.fields) == ["amount"]
    assert invoice.paid_minor == 0


def test_a_draft_takes_no_money(alice):
    draft = billing.draft(customer=customer_of(alice), lines=[LineDraft("Later", 100)], currency="USD")

    assert isinstance(refused(lambda: make_payment(draft, 100)), NotPayable)


def test_an_invoice_of_another_tenant_is_none(alice, charlie, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_invoice(charlie).id
        db.session().flush()

    assert isinstance(refused(lambda: service.receive(foreign, usd(3992), gateway="bank", reference="ZX-1")), NotFound)


def test_credit_pays_and_is_spent_once(alice):
    make_payment(make_invoice(alice, 100), 3100)
    first, second = make_invoice(alice, 2000), make_invoice(alice, 2000)

    make_payment(first, 2000, gateway="credit")
    problem = refused(lambda: make_payment(second, 2000, gateway="credit"))

    assert problem.code == "not_enough_credit"
    assert (first.status, second.status, credit_of(alice)) == ("paid", "issued", 1000)
    make_payment(second, 1000, gateway="credit")
    assert (second.open, credit_of(alice)) == (usd(1000), 0)
    assert is_sound()


def test_credit_never_pays_more_than_is_open(alice):
    make_payment(make_invoice(alice, 100), 3100)
    invoice = make_invoice(alice, 2000)

    assert isinstance(refused(lambda: make_payment(invoice, 2001, gateway="credit")), NothingOpen)
    assert credit_of(alice) == 3000


def test_a_try_that_failed_moves_nothing_and_may_succeed_later(alice):
    invoice = make_invoice(alice)

    service.fail(invoice.id, usd(3992), gateway="callback", reference="pi_1", reason="Declined")
    assert (invoice.paid_minor, actions()[-1]) == (0, "PAYMENT_FAILED")
    make_payment(invoice, gateway="callback", reference="pi_1")

    assert invoice.status == "paid"
    assert is_sound()


def test_a_whole_refund_ends_the_invoice_and_is_booked(alice):
    invoice = make_invoice(alice)
    payment = make_payment(invoice).payment

    refunds.refund(payment.id, usd(1000))
    assert (payment.status, invoice.status) == ("succeeded", "paid")
    refunds.refund(payment.id, usd(2992))

    assert (payment.status, payment.refunded_minor) == ("refunded", 3992)
    assert (invoice.status, invoice.refunded_at, invoice.paid_minor) == ("refunded", clock.now(), 3992)
    assert actions()[-1] == "INVOICE_REFUNDED"
    assert sums() == {"revenue": -3992, "refunds": 3992}
    assert is_sound()


def test_no_more_goes_back_than_came_in(alice):
    payment = make_payment(make_invoice(alice)).payment
    refunds.refund(payment.id, usd(3000))

    assert isinstance(refused(lambda: refunds.refund(payment.id, usd(993))), RefundTooLarge)
    assert payment.refunded_minor == 3000


def test_what_became_credit_goes_back_first(alice):
    invoice = make_invoice(alice)
    payment = make_payment(invoice, 5000).payment

    refunds.refund(payment.id, usd(1008))

    assert (credit_of(alice), invoice.status) == (0, "paid")
    assert is_sound()


def test_credit_that_was_spent_meanwhile_is_not_taken_twice(alice):
    invoice = make_invoice(alice)
    payment = make_payment(invoice, 5000).payment
    make_payment(make_invoice(alice, 900), 900, gateway="credit")

    refunds.refund(payment.id, usd(5000))

    assert credit_of(alice) == 0
    assert sums()["refunds"] == 5000 - 108
    assert is_sound()


def test_one_of_two_payments_that_goes_back_leaves_the_invoice_paid(alice):
    invoice = make_invoice(alice)
    make_payment(invoice, 1000)
    second = make_payment(invoice, 2992).payment

    refunds.refund(second.id, usd(2992))

    assert invoice.status == "paid"


def test_a_dispute_is_marked_and_moves_nothing(alice):
    payment = make_payment(make_invoice(alice)).payment

    refunds.dispute(payment.id)
    refunds.dispute(payment.id)

    assert (payment.status, payment.disputed_at) == ("disputed", clock.now())
    assert actions().count("PAYMENT_DISPUTED") == 1
    refunds.refund(payment.id, usd(3992))
    assert payment.status == "refunded"
    assert is_sound()


def test_the_check_finds_cash_without_a_payment(alice):
    invoice = make_invoice(alice)
    billing.settle(invoice.id, usd(3992), memo="From nowhere")

    assert ledger.check() == []
    assert service.check() == ["the ledger has USD cash of 3992 minor units, the payments 0"]


def test_the_check_finds_credit_that_nobody_booked(alice):
    customer_of(alice).credit_minor = 500
    db.session().flush()

    assert ledger.check() == [f"customer {alice.customer_id} has another credit than is booked"]


def test_every_entry_names_its_payment(alice):
    received = make_payment(make_invoice(alice), reference="ZX-1")

    entry = db.session().scalars(sa.select(LedgerEntry).where(LedgerEntry.kind == "payment.received")).one()

    assert (entry.source_id, entry.memo) == (received.payment.id, "Bank transfer, ZX-1")


def test_a_payment_is_for_its_own_customer_and_for_those_who_see_money(alice, bob, sam):
    payment = make_payment(make_invoice(alice)).payment

    assert service.find(principal_of(alice), payment.id) is payment
    assert service.find(principal_of(sam), payment.id) is payment
    for stranger in (bob, alice):
        stranger.customer_role = 3 if stranger is bob else 2
        with pytest.raises(NotFound):
            service.find(principal_of(stranger), payment.id)
