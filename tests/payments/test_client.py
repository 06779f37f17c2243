"""`/client/payments`: an invoice is paid once, by those who may, for what they agreed to; receipts tell of it."""

import re

import pytest
import sqlalchemy as sa

from app.features.billing import ledger
from app.features.payments import service
from app.features.payments.models import Payment
from app.kernel import db
from tests.payments.factories import credit_of, make_invoice, make_payment

PAY = "/client/payments"


@pytest.fixture
def sandbox(tenant):
    """The gateway for trying out, switched on."""
    set_tenant("sandbox_enabled = true")


def set_tenant(what):
    db.session().connection().exec_driver_sql(f"UPDATE tenants SET {what} WHERE slug = 'operator'")


def hidden(text, name):
    return re.search(rf'name="{name}" value="([^"]*)"', text)[1]


def fields(browser, invoice, *, method="sandbox", query=""):
    """What the invoice's page would send."""
    text = browser.get(f"/client/billing/{invoice.id}{query}").text
    return {name: hidden(text, name) for name in ("invoice", "attempt", "charge", "credit")} | {"method": method}


def payments():
    return db.session().scalar(sa.select(sa.func.count()).select_from(Payment))


def is_sound():
    return ledger.check() == [] and service.check() == []


def test_a_test_card_pays_what_is_open(sandbox, as_alice, alice):
    invoice = make_invoice(alice)

    answer = as_alice.post(PAY, data=fields(as_alice, invoice))

    assert (answer.status_code, answer.location) == (303, f"/client/billing/{invoice.id}")
    assert (invoice.status, invoice.paid_minor) == ("paid", 3992)
    text = as_alice.get(answer.location).text
    assert "USD 39.92 paid. The receipt is beside the invoice." in text
    assert "To pay by" not in text
    assert is_sound()


def test_the_sandbox_says_on_its_face_that_it_is_one(sandbox, as_alice, alice):
    text = as_alice.get(f"/client/billing/{make_invoice(alice).id}").text

    assert "This is a sandbox" in text
    assert "no real money moves" in text


def test_a_declined_card_takes_nothing_and_says_so(sandbox, as_alice, alice):
    invoice = make_invoice(alice)
    sent = fields(as_alice, invoice, method="sandbox-declined")

    answers = [as_alice.post(PAY, data=sent) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {303}
    assert (invoice.status, invoice.paid_minor, payments()) == ("issued", 0, 1)
    assert "The payment was declined. Nothing was taken" in as_alice.get(answers[-1].location).text
    as_alice.post(PAY, data=fields(as_alice, invoice))
    assert invoice.status == "paid"


def test_the_same_click_again_takes_nothing(sandbox, as_alice, alice):
    invoice = make_invoice(alice)
    sent = fields(as_alice, invoice)

    for _ in range(5):
        assert as_alice.post(PAY, data=sent).status_code == 303

    assert (payments(), invoice.paid_minor, credit_of(alice)) == (1, 3992, 0)
    assert "paid already" in as_alice.get(f"/client/billing/{invoice.id}").text


def test_another_tab_takes_nothing_either(sandbox, as_alice, alice):
    invoice = make_invoice(alice)
    first, second = fields(as_alice, invoice), fields(as_alice, invoice)

    as_alice.post(PAY, data=first)
    as_alice.post(PAY, data=second)

    assert (payments(), credit_of(alice)) == (1, 0)


def test_credit_goes_first_and_the_card_takes_the_rest(sandbox, as_alice, alice):
    make_payment(make_invoice(alice, 100), 1350)
    invoice = make_invoice(alice, 4186)

    text = as_alice.get(f"/client/billing/{invoice.id}").text
    assert "USD 41.86 less USD 12.50 account credit" in text
    assert "Pay USD 29.36" in text
    as_alice.post(PAY, data=fields(as_alice, invoice))

    assert (invoice.status, credit_of(alice)) == ("paid", 0)
    assert sorted(db.session().scalars(sa.select(Payment.amount_minor))) == [1250, 1350, 2936]
    assert is_sound()


def test_credit_can_be_kept(sandbox, as_alice, alice):
    make_payment(make_invoice(alice, 100), 1350)
    invoice = make_invoice(alice)

    as_alice.post(PAY, data=fields(as_alice, invoice, query="?credit=keep"))

    assert (invoice.status, credit_of(alice)) == ("paid", 1250)


def test_credit_alone_pays_what_it_can(as_alice, alice):
    make_payment(make_invoice(alice, 100), 1350)
    invoice = make_invoice(alice)

    as_alice.post(PAY, data=fields(as_alice, invoice, method="credit"))
    assert (invoice.open.minor, credit_of(alice)) == (2742, 0)
    text = as_alice.get(f"/client/billing/{invoice.id}").text
    assert "Account credit, 20 Nov 2026" in text
    assert "USD 27.42" in text
    assert is_sound()


def test_credit_that_covers_all_needs_no_gateway(as_alice, alice):
    make_payment(make_invoice(alice, 100), 9100)
    invoice = make_invoice(alice)

    assert "Pay USD 39.92 with credit" in as_alice.get(f"/client/billing/{invoice.id}").text
    as_alice.post(PAY, data=fields(as_alice, invoice, method="credit"))

    assert (invoice.status, credit_of(alice)) == ("paid", 9000 - 3992)


def test_a_declined_card_leaves_the_credit_alone(sandbox, as_alice, alice):
    make_payment(make_invoice(alice, 100), 1350)
    invoice = make_invoice(alice)

    as_alice.post(PAY, data=fields(as_alice, invoice, method="sandbox-declined"))

    assert (invoice.paid_minor, credit_of(alice)) == (0, 1250)


def test_what_changed_since_the_page_was_drawn_is_not_charged(sandbox, as_alice, alice):
    invoice = make_invoice(alice)
    sent = fields(as_alice, invoice)
    make_payment(invoice, 1000)

    answer = as_alice.post(PAY, data=sent)

    assert (invoice.paid_minor, payments()) == (1000, 1)
    assert "has changed meanwhile" in as_alice.get(answer.location).text


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "card"}, {"method": ""}, {"credit": "all"}, {"charge": "-1"}, {"charge": "3992.0"}, {"charge": "1e3"},
        {"charge": "٣"}, {"attempt": "1"}, {"invoice": "7"}, {"charge": "9" * 16}, {"method": "bank"},
    ],
)  # fmt: skip
def test_what_no_page_would_send_is_refused(sandbox, as_alice, alice, changes):
    invoice = make_invoice(alice)

    assert as_alice.post(PAY, data=fields(as_alice, invoice) | changes).status_code == 422
    assert (payments(), invoice.paid_minor) == (0, 0)


def test_an_amount_of_ones_own_is_not_taken(sandbox, as_alice, alice):
    invoice = make_invoice(alice)

    as_alice.post(PAY, data=fields(as_alice, invoice) | {"charge": "1"})

    assert (payments(), invoice.paid_minor) == (0, 0)


def test_the_sandbox_pays_nothing_where_it_is_off(as_alice, alice):
    invoice = make_invoice(alice)
    text = as_alice.get(f"/client/billing/{invoice.id}").text

    assert "sandbox" not in text
    answer = as_alice.post(PAY, data=fields(as_alice, invoice))
    assert (answer.status_code, invoice.paid_minor) == (422, 0)


def test_a_bank_transfer_is_told_with_its_reference(as_alice, alice):
    set_tenant("bank_enabled = true, bank_details = 'IBAN GB00 TEST 0000'")
    text = as_alice.get(f"/client/billing/{make_invoice(alice).id}").text

    assert "IBAN GB00 TEST 0000" in text
    assert text.count("MP-2026-000001") > 3


def test_a_stranger_pays_and_reads_nothing(sandbox, as_alice, as_bob, as_charlie, alice):
    invoice = make_invoice(alice)
    sent = fields(as_alice, invoice)
    receipt = f"{PAY}/{make_payment(make_invoice(alice)).payment.id}"

    for stranger in (as_bob, as_charlie):
        assert stranger.post(PAY, data=sent).status_code == 404
        assert stranger.get(receipt).status_code == 404
    assert invoice.paid_minor == 0


@pytest.mark.parametrize("role", [1, 2])
def test_who_sees_no_money_pays_none(sandbox, as_alice, alice, role):
    invoice = make_invoice(alice)
    sent = fields(as_alice, invoice)
    alice.customer_role = role

    assert as_alice.post(PAY, data=sent).status_code == 403
    assert invoice.paid_minor == 0


def test_a_receipt_says_what_was_paid_for_what(as_alice, alice, queries):
    received = make_payment(make_invoice(alice), 5000, reference="ZX-77")

    with queries(max=6):
        text = as_alice.get(f"{PAY}/{received.payment.id}").text
    for words in ("Receipt for MP-2026-000001", "USD 50.00", "Bank transfer", "ZX-77", "Kept as credit", "USD 10.08"):
        assert words in text


def test_the_invoice_leads_to_its_receipt(as_alice, alice):
    invoice = make_invoice(alice)
    received = make_payment(invoice)

    text = as_alice.get(f"/client/billing/{invoice.id}").text

    assert f'href="/client/payments/{received.payment.id}"' in text
    assert "USD 39.92 received: Bank transfer" in text


TOGETHER = "/client/billing/together"


def together(browser, query="", *, method="sandbox"):
    """What the page of several invoices would send."""
    text = browser.get(f"{TOGETHER}{query}").text.partition('id="pay"')[2]
    return {name: hidden(text, name) for name in ("invoice", "attempt", "charge", "credit")} | {"method": method}


@pytest.mark.both_stores
def test_several_invoices_are_paid_at_once(sandbox, as_alice, alice, bob, queries):
    mine = [make_invoice(alice, minor) for minor in (1000, 2000, 3500)]
    make_invoice(bob)
    assert TOGETHER in as_alice.get("/client/billing").text
    with queries(max=8):
        text = as_alice.get(TOGETHER).text
    assert all(str(invoice.number) in text for invoice in mine)
    assert "3 invoices, the first to pay by" in text
    assert "Pay USD 65.00" in text

    answer = as_alice.post(PAY, data=together(as_alice))

    assert (answer.status_code, answer.location) == (303, "/client/billing")
    assert "USD 65.00 paid. 3 invoices are settled by it." in as_alice.get(answer.location).text
    assert [invoice.status for invoice in mine] == ["paid"] * 3
    references = db.session().scalars(sa.select(Payment.reference).order_by(Payment.reference)).all()
    assert len({reference.rpartition("-")[0] for reference in references}) == 1
    assert [reference[-2:] for reference in references] == ["-1", "-2", "-3"]
    assert "Nothing is to be paid now" in as_alice.get(TOGETHER).text
    assert TOGETHER not in as_alice.get("/client/billing").text
    assert is_sound()


def test_several_are_offered_only_where_a_gateway_charges_at_once(as_alice, alice):
    set_tenant("bank_enabled = true, bank_details = 'IBAN DE02'")
    make_invoice(alice, 1000), make_invoice(alice, 2000)

    assert TOGETHER not in as_alice.get("/client/billing").text
    text = as_alice.get(TOGETHER).text
    assert "Nothing can be paid online here yet" in text
    assert "IBAN" not in text  # a transfer is for one invoice, by its number


def test_only_what_is_ticked_is_paid(sandbox, as_alice, alice):
    first, second, third = (make_invoice(alice, minor) for minor in (1000, 2000, 3500))
    ticked = f"?picked=1&currency=USD&invoice={first.id}&invoice={third.id}"

    text = as_alice.get(f"{TOGETHER}{ticked}", headers={"HX-Request": "true", "HX-Target": "pay"}).text
    assert text.strip().startswith("<aside")
    assert "Pay USD 45.00" in text
    as_alice.post(PAY, data=together(as_alice, ticked))

    assert [invoice.status for invoice in (first, second, third)] == ["paid", "issued", "paid"]
    nothing = as_alice.get(f"{TOGETHER}?picked=1&currency=USD").text
    assert "Tick at least one invoice" in nothing
    assert 'name="method"' not in nothing


def test_credit_goes_to_the_most_urgent_and_the_card_takes_the_rest(sandbox, as_alice, alice, now):
    make_payment(make_invoice(alice, 1000), 2500)
    urgent, later = make_invoice(alice, 1000), make_invoice(alice, 2000)
    assert credit_of(alice) == 1500

    answer = as_alice.post(PAY, data=together(as_alice))

    assert "USD 30.00 paid" in as_alice.get(answer.location).text
    found = db.session().execute(
        sa.select(Payment.invoice_id, Payment.gateway, Payment.amount_minor).where(Payment.gateway != "bank")
    )
    assert {tuple(row) for row in found} == {
        (urgent.id, "credit", 1000), (later.id, "credit", 500), (later.id, "sandbox", 1500)
    }  # fmt: skip
    assert (credit_of(alice), urgent.status, later.status) == (0, "paid", "paid")
    assert is_sound()


def test_one_of_several_that_was_paid_meanwhile_lets_nothing_be_taken(sandbox, as_alice, alice):
    first, second = make_invoice(alice, 1000), make_invoice(alice, 2000)
    agreed = together(as_alice)
    make_payment(first)

    answer = as_alice.post(PAY, data=agreed)

    assert "has changed meanwhile" in as_alice.get(answer.location).text
    assert (payments(), second.status) == (1, "issued")
    agreed = together(as_alice)
    as_alice.post(PAY, data=agreed)
    again = as_alice.post(PAY, data=agreed)
    assert "paid already. Nothing was taken" in as_alice.get(again.location).text
    assert (payments(), second.status) == (2, "paid")


def test_a_declined_card_pays_none_of_several(sandbox, as_alice, alice):
    invoices = [make_invoice(alice, 1000), make_invoice(alice, 2000)]

    for _ in range(2):
        as_alice.post(PAY, data=together(as_alice, method="sandbox-declined") | {"attempt": str(invoices[0].id)})

    assert [invoice.status for invoice in invoices] == ["issued", "issued"]
    assert db.session().scalars(sa.select(Payment.status)).all() == ["failed", "failed"]


def test_invoices_of_others_and_of_other_currencies_are_not_paid_together(sandbox, as_alice, alice, bob, charlie):
    mine, foreign, elsewhere = (
        make_invoice(alice, 1000),
        make_invoice(bob, 1000),
        make_invoice(alice, 900, currency="EUR"),
    )
    agreed = together(as_alice, "?currency=USD")
    assert agreed["invoice"] == str(mine.id)
    page = as_alice.get(f"{TOGETHER}?currency=EUR").text
    assert str(elsewhere.number) in page
    assert str(mine.number) not in page

    assert as_alice.post(PAY, data=agreed | {"invoice": f"{mine.id},{foreign.id}"}).status_code == 404
    assert as_alice.post(PAY, data=agreed | {"invoice": f"{mine.id},{elsewhere.id}"}).status_code == 422
    for nonsense in (f"{mine.id},", f"{mine.id};{mine.id}", ",".join([str(mine.id)] * 51)):
        assert as_alice.post(PAY, data=agreed | {"invoice": nonsense}).status_code == 422
    assert payments() == 0
    assert foreign.status == "issued"
