"""`payment` of accounts/create: the site has taken the money, so what it sold is paid and set up, once."""

from typing import Any

import pytest
import sqlalchemy as sa

from app.features.billing import ledger
from app.features.billing.models import Invoice
from app.features.orders.models import Order
from app.features.payments import service as payments
from app.features.payments.models import Payment
from app.features.subscriptions.models import Subscription
from app.kernel import db
from tests.api_keys.factories import make_key
from tests.catalogue.factories import make_promo_code
from tests.marketing.test_api import sign_up, written
from tests.payments.factories import make_invoice

pytestmark = pytest.mark.both_stores

PAID: dict[str, Any] = {"gateway": "external", "reference": "ch_1", "amount": "39.92", "currency": "USD"}


@pytest.fixture
def key(plans) -> str:
    """A key whose sales wait for payment."""
    return make_key()[1]


@pytest.fixture
def collecting(plans) -> str:
    """A key whose holder has taken the money."""
    return make_key(payments="collected")[1]


def one(model):
    return db.session().scalars(sa.select(model)).one()


def paid(**changes):
    return {name: value for name, value in {**PAID, **changes}.items() if value is not ...}


@pytest.mark.parametrize("gateway", ["external", "stripe"])
def test_what_the_site_has_collected_is_paid_and_active_at_once(client, key, gateway):
    answer = sign_up(client, key, payment=paid(gateway=gateway))

    assert answer.status_code == 201
    payment = one(Payment)
    assert (payment.gateway, payment.reference, payment.amount_minor) == (gateway, "ch_1", 3992)
    assert payment.recorded_by_key is not None
    assert (one(Invoice).status, one(Order).status, one(Subscription).status) == ("paid", "completed", "active")
    assert ledger.check() == payments.check() == []


def test_without_payment_it_waits(client, key):
    assert sign_up(client, key).status_code == 201

    assert (one(Invoice).status, one(Order).status, one(Subscription).status) == ("issued", "pending", "pending")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": "39.91"}, "payment.amount"),
        ({"amount": "39.93"}, "payment.amount"),
        ({"amount": "0"}, "payment.amount"),
        ({"amount": "-39.92"}, "payment.amount"),
        ({"amount": "39.920"}, "payment.amount"),
        ({"amount": "1e309"}, "payment.amount"),
        ({"amount": "NaN"}, "payment.amount"),
        ({"amount": "0x10"}, "payment.amount"),
        ({"amount": "39_92"}, "payment.amount"),
        ({"amount": "３９.９２"}, "payment.amount"),
        ({"amount": "1000000000000000"}, "payment.amount"),
        ({"amount": "39,92"}, "payment.amount"),
        ({"amount": 39.92}, "payment.amount"),
        ({"amount": ...}, "payment.amount"),
        ({"currency": "EUR"}, "payment.currency"),
        ({"currency": "usd"}, "payment.currency"),
        ({"currency": "USDX"}, "payment.currency"),
        ({"gateway": "bank"}, "payment.gateway"),
        ({"gateway": "sandbox"}, "payment.gateway"),
        ({"reference": ""}, "payment.reference"),
        ({"reference": "a\u202eb"}, "payment.reference"),
        ({"status": "paid"}, "payment.status"),
    ],
)
def test_what_does_not_fit_the_invoice_sells_nothing(client, key, change, field):
    before = written()

    answer = sign_up(client, key, payment=paid(**change))

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert written() == before
    assert db.session().scalar(sa.select(sa.func.count()).select_from(Payment)) == 0


def test_a_reference_sells_once(client, key):
    sign_up(client, key, payment=PAID)
    before = written()

    answer = sign_up(client, key, payment=PAID, email="other@example.com")

    assert answer.status_code == 409
    assert answer.json["code"] == "reference_used"
    assert [error["field"] for error in answer.json["errors"]] == ["payment.reference"]
    assert written() == before


def test_the_same_call_again_pays_once(client, key):
    first = sign_up(client, key, payment=PAID, idempotency="a")
    again = sign_up(client, key, payment=PAID, idempotency="a")

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert one(Payment).amount_minor == 3992


def test_what_is_free_takes_no_payment(client, key):
    make_promo_code("GIFT", percent=100)

    answer = sign_up(client, key, promoCode="GIFT", payment=paid(amount="0.00"))

    assert answer.status_code == 201
    assert db.session().scalar(sa.select(sa.func.count()).select_from(Payment)) == 0
    assert one(Order).status == "completed"


def test_a_collecting_key_sells_what_is_paid(client, collecting):
    answer = sign_up(client, collecting, idempotency="sale-1")

    assert answer.status_code == 201
    assert (one(Payment).gateway, one(Payment).amount_minor) == ("external", 3992)
    assert one(Subscription).status == "active"


@pytest.mark.parametrize("payment", [..., PAID])
def test_a_collecting_key_needs_an_idempotency_key(client, collecting, payment):
    before = written()

    answer = sign_up(client, collecting, payment=payment)

    assert answer.status_code == 422
    assert answer.json["code"] == "idempotency_key_needed"
    assert [error["field"] for error in answer.json["errors"]] == ["Idempotency-Key"]
    assert written() == before


def test_a_collecting_keys_own_words_are_checked_all_the_same(client, collecting):
    assert sign_up(client, collecting, idempotency="a", payment=paid(amount="1.00")).status_code == 422
    assert sign_up(client, collecting, idempotency="b", payment=PAID).status_code == 201
    assert one(Payment).reference == "ch_1"


def test_the_sites_payment_of_another_invoice_is_no_ones_here(client, key, alice):
    invoice = make_invoice(alice)

    assert sign_up(client, key, payment=paid(invoice=str(invoice.id))).status_code == 422
    assert invoice.paid_minor == 0
