"""Many at once, on real commits: one payment each, credit never below nothing, a ledger that balances (R-16, R-20, short)."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
import sqlalchemy as sa

from app import reactions
from app.features.accounts import service as accounts
from app.features.accounts.models import Customer
from app.features.audit import service as audit
from app.features.billing import ledger
from app.features.billing import service as billing
from app.features.billing.models import Invoice
from app.features.billing.service import LineDraft
from app.features.payments import callbacks, charges, refunds, service, tasks
from app.features.payments.callbacks import Told
from app.features.payments.charges import Agreed
from app.features.payments.events import PaymentSucceeded
from app.features.payments.models import Payment, PaymentCallback
from app.features.tenants import service as tenants
from app.kernel import clock, db, events, tenancy
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.money import Money
from app.kernel.one_by_one import SomeFailed

pytestmark = pytest.mark.both_stores

THREADS, CLICKS = 8, 20


@pytest.fixture
def house(panel_app, fresh_engine):
    """A tenant with a sandbox on a database of this test alone, with real commits, set for the whole test."""
    reactions.wire()
    tenants.forget()
    with tenancy.across_tenants("operator"), db.transaction():
        made = tenants.create("Harbourline", slug="operator", is_operator=True)
        made.sandbox_enabled = True
    tenants.forget()
    with tenancy.as_tenant(made.id):
        yield made.id
    reactions.wire()
    tenants.forget()


def make_invoices(number, *, minor=1000):
    with db.transaction():
        customer, _user = accounts.register(email="buyer@example.com", first_name="Buyer", last_name="One")
        return [
            billing.issue(customer=customer, lines=[LineDraft("Starter", minor)], currency="USD") for _ in range(number)
        ]


def pay_all(invoices, charge, attempt):
    charges.pay(invoices, Agreed("sandbox", False, charge, attempt))


def at_once(tenant_id, work):
    """Do every piece of `work`, eight at a time; how many were not refused."""

    def do(piece):
        try:
            with tenancy.as_tenant(tenant_id), db.transaction():
                piece()
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(do, work))


def click(invoice, method="sandbox", charge=1000, uses_credit=False, attempt=None):
    charges.pay([invoice], Agreed(method, uses_credit, charge, attempt or new_id()))


def transfer(invoice, reference, minor=1000):
    service.receive(invoice.id, Money(minor, "USD"), gateway="bank", reference=reference)


def sum_of(column, *conditions):
    return db.session().scalar(sa.select(sa.func.sum(column)).where(*conditions)) or 0


def is_sound():
    return ledger.check() == [] and service.check() == []


def test_forty_invoices_clicked_twenty_times_are_paid_once(house):
    invoices = make_invoices(40)
    attempts = {invoice.id: new_id() for invoice in invoices}
    work = [partial(click, invoice, attempt=attempts[invoice.id]) for invoice in invoices for _ in range(CLICKS)]

    taken = at_once(house, work)

    assert taken == 40
    with db.transaction(write=False) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 40
        assert set(session.scalars(sa.select(Invoice.status))) == {"paid"}
        assert sum_of(Customer.credit_minor) == 0
        assert is_sound()


def test_clicks_of_many_tabs_pay_once(house):
    (invoice,) = make_invoices(1)

    assert at_once(house, [partial(click, invoice) for _ in range(CLICKS)]) == 1


def test_card_credit_and_transfer_at_once_pay_once_and_the_rest_is_credit(house):
    invoices = make_invoices(10)
    with db.transaction():
        transfer(invoices[0], "ZX-0", 6000)  # leaves 5000 credit
    work = []
    for number, invoice in enumerate(invoices[1:]):
        work += [partial(click, invoice) for _ in range(4)]
        work += [partial(click, invoice, method="credit", charge=0, uses_credit=True) for _ in range(4)]
        work += [partial(transfer, invoice, f"ZX-{number + 1}") for _ in range(4)]

    at_once(house, work)

    with db.transaction(write=False) as session:
        assert set(session.scalars(sa.select(Invoice.status))) == {"paid"}
        came_in = sum_of(Payment.amount_minor, Payment.gateway != "credit")
        assert sum_of(Customer.credit_minor) == came_in - sum_of(Invoice.total_minor)
        assert session.scalar(sa.select(sa.func.count()).where(Payment.gateway == "bank")) == 10
        assert is_sound()


def test_credit_that_is_spent_on_many_invoices_at_once_never_falls_below_nothing(house):
    invoices = make_invoices(12)
    with db.transaction():
        transfer(invoices[0], "ZX-0", 4500)  # leaves 3500: enough for three and a half

    def spend(invoice):
        service.receive(invoice.id, Money(1000, "USD"), gateway="credit", reference=f"credit-{new_id()}")

    assert at_once(house, [partial(spend, invoice) for invoice in invoices[1:]] * 3) == 3

    with db.transaction(write=False):
        assert sum_of(Customer.credit_minor) == 500
        assert is_sound()


def test_one_transfer_that_many_record_counts_once(house):
    (invoice,) = make_invoices(1)

    assert at_once(house, [partial(transfer, invoice, "ZX-1") for _ in range(CLICKS)]) == 1
    with db.transaction(write=False):
        assert sum_of(Customer.credit_minor) == 0


def test_refunds_of_one_payment_at_once_give_back_what_came_in(house):
    (invoice,) = make_invoices(1)
    with db.transaction():
        payment = service.receive(invoice.id, Money(1000, "USD"), gateway="bank", reference="ZX-1").payment

    assert at_once(house, [partial(refunds.refund, payment.id, Money(400, "USD")) for _ in range(CLICKS)]) == 2
    with db.transaction(write=False):
        assert sum_of(Payment.refunded_minor) == 800
        assert is_sound()


def test_callbacks_that_come_three_at_once_end_as_in_order(house):
    invoices = make_invoices(15)
    kinds = ("payment.refunded", "payment.failed", "payment.succeeded", "dispute.opened")
    told = [
        Told(f"{kind}-{number}", kind, str(invoice.number), "10.00", "USD", f"pi_{number}", clock.now())
        for number, invoice in enumerate(invoices)
        for kind in kinds
    ]

    def tell(one):
        with tenancy.as_tenant(house):
            with db.transaction():
                left = callbacks.store(b"{}", one)
            if left is not None:
                with db.transaction():
                    callbacks.carry_out(left)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(tell, [one for one in told for _ in range(3)]))

    with db.transaction(write=False) as session:
        assert set(session.scalars(sa.select(PaymentCallback.state))) == {"done"}
        assert session.scalar(sa.select(sa.func.count()).select_from(PaymentCallback)) == len(told)
        assert set(session.scalars(sa.select(Invoice.status))) == {"refunded"}
        by_status = sa.select(Payment.status, sa.func.count()).group_by(Payment.status)
        assert dict(map(tuple, session.execute(by_status))) == {"refunded": 15, "failed": 15}
        assert sum_of(Customer.credit_minor) == 0
        assert is_sound()


def test_several_invoices_are_paid_once_by_many_clicks_and_tabs(house):
    invoices = make_invoices(3)
    attempt = new_id()
    clicks = [partial(pay_all, invoices, 3000, attempt) for _ in range(CLICKS)]
    tabs = [partial(pay_all, invoices[::-1], 3000, new_id()) for _ in range(CLICKS)]
    single = [partial(click, invoice) for invoice in invoices for _ in range(4)]

    done = at_once(house, [piece for pieces in zip(clicks, tabs, strict=True) for piece in pieces] + single)

    with db.transaction(write=False) as session:
        paid = session.scalars(sa.select(Payment.amount_minor)).all()
        assert session.scalars(sa.select(Invoice.status)).all() == ["paid"] * 3
        assert list(paid) == [1000] * 3
        assert ledger.check() == service.check() == []
    assert done in {1, 3}  # all in one, or each alone


def test_a_callback_that_cannot_be_carried_out_stops_no_other_and_is_reported(house):
    good, bad, late = make_invoices(3)
    with db.transaction():
        for invoice in (bad, good, late):
            callbacks.store(b"{}", Told(
                f"evt_{invoice.number}", "payment.succeeded", str(invoice.number), "10.00", "USD",
                f"pi_{invoice.number}", clock.now(),
            ))  # fmt: skip
        db.session().execute(sa.update(PaymentCallback).values(created_at=clock.now() - callbacks.FORGOTTEN_AFTER))

    def stumble(event: PaymentSucceeded) -> None:
        if event.invoice_id == bad.id:
            raise ZeroDivisionError("nobody thought of this")

    events.wire({PaymentSucceeded: (stumble,)}, always=(audit.on_event,))
    with (
        tenancy.across_tenants("schedule"),
        pytest.raises(SomeFailed, match="1 of 3 callbacks failed, the first: ZeroDivisionError: nobody"),
    ):
        tasks.carry_out_forgotten()

    with db.transaction(write=False) as session:
        paid = session.scalars(sa.select(Invoice.id).where(Invoice.status == "paid")).all()
        left = session.scalars(sa.select(PaymentCallback.invoice).where(PaymentCallback.state == "stored")).all()
    assert (set(paid), left) == ({good.id, late.id}, [bad.number])

    events.wire({}, always=(audit.on_event,))  # the fault is mended
    with tenancy.across_tenants("schedule"):
        tasks.carry_out_forgotten()
    with db.transaction(write=False) as session:
        assert session.scalar(sa.select(Invoice.status).where(Invoice.id == bad.id)) == "paid"
