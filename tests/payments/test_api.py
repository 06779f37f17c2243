"""`/api/v1/billing/webhooks/generic`: what a provider tells is believed by its signature, once, in any order."""

import base64
import json
import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.billing import ledger
from app.features.billing.models import Invoice
from app.features.payments import callbacks, service, tasks
from app.features.payments.models import Payment, PaymentCallback
from app.features.payments.service import ReferenceUsed
from app.features.tenants import service as tenants
from app.kernel import clock, db, tenancy
from tests.payments.callbacks import URL, event, signed, tell
from tests.payments.factories import credit_of, make_invoice, make_payment

pytestmark = pytest.mark.both_stores


def rows():
    """State and reason of every callback that was stored, in their order."""
    found = sa.select(PaymentCallback.state, PaymentCallback.reason).order_by(PaymentCallback.event_id)
    return [tuple(row) for row in db.session().execute(found)]


def payments():
    return db.session().scalar(sa.select(sa.func.count()).select_from(Payment)) or 0


def is_sound():
    return ledger.check() == [] and service.check() == []


def test_a_signed_success_pays_the_invoice(client, alice):
    invoice = make_invoice(alice)

    answer = tell(client, event(invoice, more={"any": "thing"}))

    assert (answer.status_code, answer.json) == (200, {"received": True})
    payment = db.session().scalars(sa.select(Payment)).one()
    assert (payment.gateway, payment.reference, payment.received_at.hour) == ("callback", "pi_1", 13)
    assert (invoice.status, rows()) == ("paid", [("done", "")])
    assert b'"any": "thing"' in db.session().scalars(sa.select(PaymentCallback.body)).one()
    assert is_sound()


def test_the_invoice_may_be_named_by_its_id(client, alice):
    invoice = make_invoice(alice)

    tell(client, event(invoice, invoice=str(invoice.id)))

    assert invoice.status == "paid"


def test_the_same_id_again_pays_once(client, alice):
    invoice = make_invoice(alice)

    answers = [tell(client, event(invoice), identity=f"msg_{n}") for n in range(5)]

    assert {answer.status_code for answer in answers} == {200}
    assert (payments(), len(rows()), credit_of(alice)) == (1, 1, 0)


def test_another_event_of_the_same_reference_pays_no_second_time(client, alice):
    invoice = make_invoice(alice)

    for number in range(3):
        tell(client, event(invoice, id=f"evt_{number}"))

    assert (payments(), rows(), credit_of(alice)) == (1, [("done", "")] * 3, 0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda body, headers: (body.replace(b"39.92", b"00.01"), headers),
        lambda body, headers: (json.dumps(json.loads(body), indent=1).encode(), headers),
        lambda body, headers: (body, headers | {"webhook-signature": "v1,AAAA"}),
        lambda body, headers: (body, headers | {"webhook-signature": "v1"}),
        lambda body, headers: (body, headers | {"webhook-signature": "v1,%%%"}),
        lambda body, headers: (
            body,
            headers | {"webhook-signature": headers["webhook-signature"].replace("v1,", "v2,")},
        ),
        lambda body, headers: (body, headers | {"webhook-id": "msg_2"}),
        lambda body, headers: (body, headers | {"webhook-timestamp": "yesterday"}),
        lambda body, headers: (body, headers | {"webhook-timestamp": "nan"}),
        lambda body, headers: (body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
        lambda body, headers: (body, {"Content-Type": "application/json"}),
        lambda body, _headers: (body, signed(body, age=301)),
        lambda body, _headers: (body, signed(body, age=-301)),
        lambda body, _headers: (body, signed(body, secret="whsec_" + base64.b64encode(b"x" * 32).decode())),
    ],
)
def test_what_is_not_signed_rightly_is_not_even_stored(client, alice, spoil):
    invoice = make_invoice(alice)
    body, headers = spoil(json.dumps(event(invoice)).encode(), signed(json.dumps(event(invoice)).encode()))

    answer = client.post(URL, data=body, headers=headers, csrf=False)

    assert (answer.status_code, answer.json["code"]) == (401, "bad_signature")
    assert (rows(), payments(), invoice.paid_minor) == ([], 0, 0)


def test_a_genuine_callback_is_stale_after_five_minutes(client, alice, now):
    invoice = make_invoice(alice)
    body = json.dumps(event(invoice)).encode()
    headers = signed(body)
    now.shift(301)

    assert client.post(URL, data=body, headers=headers, csrf=False).status_code == 401
    assert payments() == 0


def test_a_stranger_at_the_door_signs_with_another_tenants_secret_in_vain(client, alice, charlie, other_tenant):
    invoice = make_invoice(alice)
    with tenancy.as_tenant(other_tenant.id):
        foreign = tenants.callback_secret()

    assert tell(client, event(invoice), secret=foreign).status_code == 401
    assert rows() == []


def test_an_invoice_of_another_tenant_is_none_here(client, alice, charlie, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_invoice(charlie)
        told = event(foreign, invoice=str(foreign.id))
        db.session().flush()

    assert tell(client, told).status_code == 200
    assert (rows(), payments()) == ([("flagged", "There is no such invoice here.")], 0)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount": "39.91"}, "The invoice asks for USD 39.92, not USD 39.91."),
        ({"amount": "0"}, "The invoice asks for USD 39.92, not USD 0.00."),
        ({"amount": "-39.92"}, "An amount in USD is digits with at most 2 decimals."),
        ({"amount": "1e309"}, "An amount in USD is digits with at most 2 decimals."),
        ({"amount": "39.920"}, "An amount in USD is digits with at most 2 decimals."),
        ({"currency": "EUR"}, "The invoice is in USD, not EUR."),
        ({"currency": "usd"}, "The invoice is in USD, not usd."),
        ({"invoice": "MP-2026-000099"}, "There is no such invoice here."),
        ({"type": "payment.pending"}, "The type payment.pending is not known here."),
    ],
)
def test_what_does_not_fit_is_stored_flagged_and_pays_nothing(client, alice, changes, reason):
    invoice = make_invoice(alice)

    assert tell(client, event(invoice, **changes)).status_code == 200
    assert rows() == [("flagged", reason)]
    assert (payments(), invoice.paid_minor) == (0, 0)


def test_a_reference_that_paid_another_invoice_is_flagged(client, alice):
    first, second = make_invoice(alice), make_invoice(alice)

    tell(client, event(first))
    tell(client, event(second, id="evt_2"))

    assert rows()[1] == ("flagged", "This reference has paid something else.")
    assert (second.paid_minor, credit_of(alice)) == (0, 0)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"id": "evt_1"}', b'{"id": 1}', b"\xff", b'{"id": "' + b"x" * 70_000 + b'"}']
)
def test_what_is_no_callback_is_refused(client, body, tenant):
    answer = client.post(URL, data=body, headers=signed(b"{}"), csrf=False)

    assert answer.status_code in {400, 401, 413, 422}
    assert rows() == []


def test_money_for_what_is_paid_already_becomes_credit_once(client, alice):
    invoice = make_invoice(alice)
    make_payment(invoice)

    for _ in range(3):
        tell(client, event(invoice))

    assert (credit_of(alice), payments()) == (3992, 2)
    assert is_sound()


def test_what_is_still_open_after_a_part_may_be_paid(client, alice):
    invoice = make_invoice(alice)
    make_payment(invoice, 1000)

    tell(client, event(invoice, amount="29.92"))

    assert (invoice.status, credit_of(alice)) == ("paid", 0)


def test_a_refund_that_comes_first_waits_for_its_payment(client, alice):
    invoice = make_invoice(alice)

    tell(client, event(invoice, id="evt_2", type="payment.refunded", occurredAt="2026-11-20T13:05:00Z"))
    assert (rows(), payments()) == ([("waiting", "Waits for the payment that it is about.")], 0)
    tell(client, event(invoice))

    assert rows() == [("done", ""), ("done", "")]
    assert db.session().scalars(sa.select(Payment.status)).one() == "refunded"
    assert invoice.status == "refunded"
    assert is_sound()


def test_a_refund_of_more_than_came_in_is_flagged(client, alice):
    invoice = make_invoice(alice)
    tell(client, event(invoice))

    tell(client, event(invoice, id="evt_2", type="payment.refunded", amount="39.93"))

    assert rows()[1] == ("flagged", "More cannot go back than came in.")
    assert invoice.status == "paid"


def test_a_try_that_failed_is_kept_and_moves_nothing(client, alice):
    invoice = make_invoice(alice)

    for number in range(2):
        tell(client, event(invoice, id=f"evt_{number}", type="payment.failed"))

    assert db.session().scalars(sa.select(Payment.status)).one() == "failed"
    assert (rows(), invoice.paid_minor) == ([("done", "")] * 2, 0)


def test_a_dispute_marks_its_payment(client, alice):
    invoice = make_invoice(alice)
    tell(client, event(invoice))

    tell(client, event(invoice, id="evt_2", type="dispute.opened"))

    assert db.session().scalars(sa.select(Payment.status)).one() == "disputed"
    assert is_sound()


STORIES = (
    ("payment.failed", "payment.succeeded"),
    ("payment.succeeded", "payment.refunded"),
    ("payment.succeeded", "dispute.opened", "payment.refunded"),
    ("payment.failed", "payment.succeeded", "dispute.opened"),
    ("payment.succeeded",),
)


def tell_stories(client, alice, label, shuffled=None):
    """Five invoices with what was told of each, in order or five times over in any; what came of it."""
    told = []
    for number in range(5):
        invoice = make_invoice(alice, 1000 + number)
        for step, kind in enumerate(STORIES[number % 5]):
            more = {"id": f"{label}_{number}_{step}", "reference": f"{label}_{number}"}
            told.append(event(invoice, type=kind, occurredAt=f"2026-11-20T13:0{step}:00Z", **more))
    if shuffled is not None:
        told *= 5
        shuffled.shuffle(told)
    for one in told:
        tell(client, one)
    return state_of(label)


def state_of(label):
    """Payments and callbacks whose reference begins with `label`, with their invoices, without the label."""
    payment, callback = Payment, PaymentCallback
    columns = (payment.reference, payment.status, payment.amount_minor, payment.refunded_minor, payment.received_at)
    made = sa.select(*columns, Invoice.status).join(Invoice, Invoice.id == payment.invoice_id)
    told = sa.select(callback.event_id, callback.state, callback.reason).where(callback.reference.startswith(label))
    found = [*db.session().execute(made.where(payment.reference.startswith(label))), *db.session().execute(told)]
    return sorted((*map(str, row[1:]), row[0].removeprefix(label)) for row in found)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_order_and_any_number_of_copies_ends_as_one_pass_in_order(client, alice, seed):
    """R-20, short; three at once are in `test_at_once`."""
    wanted = tell_stories(client, alice, "in_order")

    assert tell_stories(client, alice, "shuffled", random.Random(seed)) == wanted
    assert credit_of(alice) == 0
    assert is_sound()


@pytest.mark.parametrize("gateway", ["bank", "external", "stripe"])
def test_money_that_site_or_staff_told_of_is_not_counted_again_when_the_provider_does(client, alice, gateway):
    invoice = make_invoice(alice)
    payment = make_payment(invoice, gateway=gateway, reference="pi_1").payment

    tell(client, event(invoice))
    assert (payments(), credit_of(alice), rows()) == (1, 0, [("done", "")])
    tell(client, event(invoice, id="evt_2", type="payment.refunded"))

    db.session().refresh(payment)
    assert (payment.status, rows()) == ("refunded", [("done", "")] * 2)
    assert is_sound()


def test_money_that_a_provider_told_of_is_not_recorded_again_by_hand(client, alice):
    invoice = make_invoice(alice)
    tell(client, event(invoice))

    with pytest.raises(ReferenceUsed):
        make_payment(invoice, 3992, reference="pi_1")
    assert (payments(), credit_of(alice)) == (1, 0)


def test_what_a_dead_process_left_is_found(alice):
    invoice = make_invoice(alice)
    told = event(invoice)
    stored = callbacks.store(b"{}", callbacks.Told(
        told["id"], told["type"], told["invoice"], told["amount"], told["currency"], told["reference"], clock.now()
    ))  # fmt: skip
    row = db.session().get(PaymentCallback, stored)
    tasks.carry_out_forgotten()
    assert (row.state, invoice.paid_minor) == ("stored", 0)
    row.created_at = clock.now() - timedelta(minutes=2)
    db.session().flush()

    with tenancy.across_tenants("schedule"):
        tasks.carry_out_forgotten()

    db.session().expire_all()
    assert (row.state, invoice.status) == ("done", "paid")
    assert callbacks.store(b"{}", callbacks.Told(told["id"], "x", "x", "x", "x", "x", clock.now())) is None
