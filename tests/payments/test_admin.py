"""`/admin/payments`: what came in, transfers recorded once and rightly, and callbacks that do not fit."""

import csv
import io

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.billing import ledger
from app.features.payments import callbacks, service, slots, tasks
from app.features.payments.models import Payment, PaymentCallback
from app.kernel import clock, db, tenancy
from app.kernel.access import Role
from tests.payments.callbacks import event, tell
from tests.payments.factories import credit_of, make_invoice, make_payment
from tests.support.cast import make_staff

HERE = "/admin/payments"


def transfer(invoice, /, **changes):
    told = {"invoice": str(invoice.id), "amount": "39.92", "received_on": "2026-11-19", "reference": "ZX-1", "note": ""}
    return told | changes


def payments():
    return db.session().scalar(sa.select(sa.func.count()).select_from(Payment)) or 0


def test_staff_record_a_transfer(as_sam, sam, alice):
    invoice = make_invoice(alice)

    form = as_sam.get(f"{HERE}/new?invoice={invoice.id}").text
    answer = as_sam.post(HERE, data=transfer(invoice, note="Seen on the statement"))

    assert 'value="39.92"' in form
    assert (answer.status_code, answer.location) == (303, f"/admin/billing/{invoice.id}")
    payment = db.session().scalars(sa.select(Payment)).one()
    assert (payment.gateway, payment.reference, payment.note) == ("bank", "ZX-1", "Seen on the statement")
    assert (payment.recorded_by, payment.received_at.date().isoformat()) == (sam.id, "2026-11-19")
    assert invoice.status == "paid"
    assert ledger.check() == service.check() == []


def test_a_part_and_too_much_are_recorded_as_they_came(as_sam, alice):
    invoice = make_invoice(alice)

    as_sam.post(HERE, data=transfer(invoice, amount="10"))
    assert invoice.open.minor == 2992
    answer = as_sam.post(HERE, data=transfer(invoice, amount="50.00", reference="ZX-2"))

    assert (invoice.status, credit_of(alice)) == ("paid", 2008)
    assert "USD 20.08 of it is kept as credit" in as_sam.get(answer.location).text


@pytest.mark.both_stores
@pytest.mark.parametrize(
    "amount",
    ["", "0", "0.00", "-1", "1e309", "1e3", "NaN", "inf", "0x10", "1_000", "１００", "1.999", "1,00", "1000000000000000",
     "1" * 40, "1" * 41, "1.-5", "--1", "+5", "٣", "1 000", "½"],
)  # fmt: skip
def test_no_odd_amount_is_ever_stored(as_sam, alice, amount):
    """Case 122."""
    invoice = make_invoice(alice)

    answer = as_sam.post(HERE, data=transfer(invoice, amount=amount))

    assert answer.status_code == 422
    assert 'id="amount-error"' in answer.text
    assert 'value="ZX-1"' in answer.text
    assert (payments(), invoice.paid_minor) == (0, 0)


def test_a_currency_without_decimals_takes_none(as_sam, alice):
    invoice = make_invoice(alice, 500, currency="JPY")

    assert as_sam.post(HERE, data=transfer(invoice, amount="500.00")).status_code == 422
    assert as_sam.post(HERE, data=transfer(invoice, amount="500")).status_code == 303
    assert invoice.status == "paid"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reference": ""}, "reference"), ({"reference": "  "}, "reference"), ({"reference": "x" * 201}, "reference"),
        ({"reference": "a\nb"}, "reference"), ({"reference": "a\u202eb"}, "reference"), ({"reference": "a\0b"}, "reference"),
        ({"received_on": ""}, "received_on"), ({"received_on": "2026-11-21"}, "received_on"),
        ({"received_on": "2026-02-30"}, "received_on"), ({"received_on": "1999-12-31"}, "received_on"),
        ({"received_on": "yesterday"}, "received_on"), ({"note": "x" * 301}, "note"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(as_sam, alice, change, field):
    invoice = make_invoice(alice)

    answer = as_sam.post(HERE, data=transfer(invoice, **change))

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert payments() == 0


def test_a_reference_counts_once(as_sam, alice):
    invoice = make_invoice(alice)

    as_sam.post(HERE, data=transfer(invoice, amount="10"))
    again = as_sam.post(HERE, data=transfer(invoice, amount="10"))

    assert again.status_code == 409
    assert 'id="reference-error"' in again.text
    assert (payments(), invoice.paid_minor) == (1, 1000)


def test_credit_of_another_currency_is_refused_not_lost(as_sam, alice):
    invoice = make_invoice(alice, 500, currency="JPY")

    answer = as_sam.post(HERE, data=transfer(invoice, amount="600"))

    assert answer.status_code == 409
    assert "another currency" in answer.text
    assert (payments(), invoice.paid_minor) == (0, 0)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.BILLING])
def test_recording_needs_an_admin(sign_in, alice, role):
    invoice = make_invoice(alice)
    browser = sign_in(make_staff("mo@harbourline.example", "Mo", role))

    assert browser.post(HERE, data=transfer(invoice)).status_code == 403
    assert browser.get(f"{HERE}/new?invoice={invoice.id}").status_code == 403
    assert browser.get(HERE).status_code == (200 if role == Role.BILLING else 403)
    assert payments() == 0


def test_a_stranger_records_and_reads_nothing(as_alice, as_charlie, as_sam, alice, charlie):
    invoice = make_invoice(alice)
    payment = make_payment(make_invoice(alice)).payment

    for stranger in (as_alice, as_charlie):
        assert stranger.post(HERE, data=transfer(invoice)).status_code in {403, 404}
        assert stranger.get(f"{HERE}/{payment.id}").status_code in {403, 404}
    assert as_sam.post(HERE, data=transfer(invoice, invoice="01936d5e-7c1a-7f2a-9a53-0c7b6a1f4d20")).status_code == 404
    assert as_sam.post(HERE, data=transfer(invoice, invoice="7")).status_code == 404
    assert invoice.paid_minor == 0


def test_payments_are_found_by_reference_customer_and_gateway(as_sam, alice, bob, queries):
    make_payment(make_invoice(alice), reference="ZX-1")
    make_payment(make_invoice(bob), reference="ch_2", gateway="external")
    db.session().flush()

    with queries(max=9):
        assert as_sam.get(HERE).status_code == 200
    for query, found in (
        ("q=ZX", "ZX-1"),
        ("q=calder", "ch_2"),
        ("gateway=external", "ch_2"),
        ("gateway=bank", "ZX-1"),
    ):
        text = as_sam.get(f"{HERE}?{query}").text
        assert [name for name in ("ZX-1", "ch_2") if f">{name}<" in text] == [found], query


def test_payments_are_exported_without_formulas(as_sam, alice):
    make_payment(make_invoice(alice), 5000, reference="=1+1")

    answer = as_sam.post(f"{HERE}/export", data={"as": "csv"})

    (row,) = csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert (row["amount"], row["credited"], row["invoice"]) == ("50.00", "10.08", "MP-2026-000001")
    assert not row["reference"].startswith("=")


def test_a_payment_shows_where_it_came_from(client, as_sam, alice):
    invoice = make_invoice(alice)
    tell(client, event(invoice))
    payment = db.session().scalars(sa.select(Payment)).one()

    text = as_sam.get(f"{HERE}/{payment.id}").text

    for words in ("USD 39.92", "Payment provider", "pi_1", invoice.number, "payment.succeeded", "The panel"):
        assert words in text


def test_what_does_not_fit_waits_for_somebody(client, as_sam, sam, sign_in, alice):
    tell(client, event(make_invoice(alice), amount="1.00"))
    row = db.session().scalars(sa.select(PaymentCallback)).one()
    clerk = sign_in(make_staff("clerk@harbourline.example", "Clerk", Role.BILLING))

    assert "One callback does not fit" in as_sam.get(HERE).text
    listed = as_sam.get(f"{HERE}/callbacks?state=flagged").text
    assert "The invoice asks for USD 39.92, not USD 1.00." in listed
    shown = as_sam.get(f"{HERE}/callbacks/{row.id}").text
    assert "&#34;amount&#34;: &#34;1.00&#34;" in shown
    assert clerk.post(f"{HERE}/callbacks/{row.id}/settlement").status_code == 403

    assert as_sam.post(f"{HERE}/callbacks/{row.id}/settlement").status_code == 303
    as_sam.post(f"{HERE}/callbacks/{row.id}/settlement")
    assert (row.state, row.settled_by) == ("settled", sam.id)
    assert slots.flagged() == 0
    (noted,) = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "PAYMENT_CALLBACK_SETTLED"))
    assert (noted.actor_user_id, noted.resource_id, noted.is_pci) == (sam.id, row.id, True)


@pytest.mark.both_stores
def test_a_refund_of_what_never_came_does_not_wait_for_ever_unseen(client, alice, now):
    tell(client, event(make_invoice(alice), type="payment.refunded"))
    row = db.session().scalars(sa.select(PaymentCallback)).one()
    row.created_at = clock.now()
    db.session().flush()

    states = []
    for _ in range(2):
        with tenancy.across_tenants("schedule"):
            tasks.flag_forsaken()
        db.session().refresh(row)
        states.append(row.state)
        now.shift(callbacks.PATIENCE)

    assert states == ["waiting", "flagged"]
    assert slots.flagged() == 1


def test_a_callback_is_shown_to_no_stranger(client, as_alice, as_sam, alice):
    tell(client, event(make_invoice(alice)))
    row = db.session().scalars(sa.select(PaymentCallback)).one()

    assert as_alice.get(f"{HERE}/callbacks/{row.id}").status_code in {403, 404}
    assert as_sam.get(f"{HERE}/callbacks/{alice.id}").status_code == 404


def test_a_providers_words_are_never_markup(as_sam, tenant):
    told = callbacks.Told("evt", "<script>x", "<b>", "1", "USD", "<i>", clock.now())
    callbacks.carry_out(callbacks.store(b"<script>y", told))
    row = db.session().scalars(sa.select(PaymentCallback)).one()

    text = as_sam.get(f"{HERE}/callbacks").text + as_sam.get(f"{HERE}/callbacks/{row.id}").text

    assert "<script>x" not in text
    assert "<script>y" not in text


def test_cards_and_search_of_payments(alice, queries):
    make_payment(make_invoice(alice), reference="ZX-1")
    db.session().flush()

    with queries(max=1):
        (card,) = slots.recent_payments(alice.customer_id)
    assert (card.gateway_label, card.reference, card.state) == ("Bank transfer", "ZX-1", "Received")
    assert [hit.label for hit in slots.search("ZX", role=Role.BILLING)] == ["ZX-1"]
    assert slots.search("ZX", role=Role.MEMBER) == []


def refunding(amount, seen=0):
    return {"amount": amount, "seen": str(seen)}


@pytest.mark.both_stores
def test_staff_record_what_they_sent_back_once(as_sam, alice):
    invoice = make_invoice(alice)
    payment = make_payment(invoice, 5000).payment
    address = f"{HERE}/{payment.id}"
    assert f"{address}/refunds/new" in as_sam.get(address).text
    form = as_sam.get(f"{address}/refunds/new").text
    assert 'value="50.00"' in form
    assert "The panel moves no money" in form

    first = as_sam.post(f"{address}/refunds", data=refunding("12.00"))
    again = as_sam.post(f"{address}/refunds", data=refunding("12.00"))

    assert (first.status_code, first.location, again.status_code) == (303, address, 409)
    assert "sent back meanwhile" in again.text
    assert (payment.refunded_minor, payment.status, credit_of(alice), invoice.status) == (1200, "succeeded", 0, "paid")
    assert as_sam.post(f"{address}/refunds", data=refunding("38.00", seen=1200)).status_code == 303
    assert (payment.status, invoice.status) == ("refunded", "refunded")
    assert ledger.check() == service.check() == []
    assert "refunds/new" not in as_sam.get(address).text
    assert as_sam.get(f"{address}/refunds/new").status_code == 409


@pytest.mark.parametrize("amount", ["", "0", "-1", "39.93", "1e3", "NaN", "1.999", "１"])
def test_a_refund_that_cannot_be_is_refused_at_its_field(as_sam, alice, amount):
    payment = make_payment(make_invoice(alice)).payment

    answer = as_sam.post(f"{HERE}/{payment.id}/refunds", data=refunding(amount))

    assert answer.status_code in {409, 422}
    assert 'id="amount-error"' in answer.text
    assert (payment.refunded_minor, payment.status) == (0, "succeeded")


def test_only_admins_send_back_and_only_what_staff_or_the_site_took(as_sam, as_charlie, sign_in, client, alice):
    clerk = sign_in(make_staff("bill@harbourline.example", "Bill", Role.BILLING))
    told = make_invoice(alice)
    tell(client, event(told))
    by_provider = db.session().scalars(sa.select(Payment)).one()
    own = make_payment(make_invoice(alice)).payment

    assert "refunds/new" not in as_sam.get(f"{HERE}/{by_provider.id}").text
    assert as_sam.post(f"{HERE}/{by_provider.id}/refunds", data=refunding("1.00")).status_code == 409
    assert "refunds/new" not in clerk.get(f"{HERE}/{own.id}").text
    for stranger in (clerk, as_charlie):
        assert stranger.get(f"{HERE}/{own.id}/refunds/new").status_code == 403
        assert stranger.post(f"{HERE}/{own.id}/refunds", data=refunding("1.00")).status_code == 403
    assert (own.refunded_minor, by_provider.refunded_minor) == (0, 0)
