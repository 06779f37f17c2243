"""`/api/marketing-api/services`: a further service for a customer, and how one stands."""

from uuid import uuid4

import pytest
import sqlalchemy as sa

from app.features.billing.models import Invoice
from app.features.catalogue import service as catalogue
from app.features.orders.models import Order
from app.features.provisioning.models import ProvisioningJob
from app.features.subscriptions.models import Subscription
from app.kernel import db, tenancy
from tests.api_keys.factories import make_key
from tests.orders.factories import customer_of, make_order
from tests.provisioning.factories import SECRET, make_running
from tests.support.cast import keyed

PROVISION = "/api/marketing-api/services/provision"
PAYMENT = {"gateway": "external", "reference": "ch_1", "amount": "99.90", "currency": "USD"}


@pytest.fixture
def key(plans):
    """A key with the scope `marketing`, in a tenant that sells the four plans."""
    return make_key()[1]


def sell(client, key, user, *, idempotency=None, **changes):
    body = {"customerId": str(user.customer_id), "planId": "shared-business", "billingCycle": "oneYear", **changes}
    more = {"Idempotency-Key": idempotency} if idempotency else {}
    return client.post(PROVISION, json=body, **keyed(key, **more))


def fields(answer):
    """The fields at fault."""
    return [error["field"] for error in answer.json["errors"]]


def counts():
    db.session().flush()
    return [
        db.session().scalar(sa.select(sa.func.count(model.id)))
        for model in (Order, Subscription, Invoice, ProvisioningJob)
    ]


@pytest.mark.both_stores
def test_a_customer_gets_a_further_service_that_waits_for_payment(client, key, alice):
    answer = sell(client, key, alice)

    assert answer.status_code == 201
    made = answer.json["data"]
    assert set(made) == {"customerId", "orderId", "subscriptionId", "invoiceId", "status"}
    assert made["status"] == "pending"
    assert counts() == [1, 1, 1, 0]


def test_what_the_site_has_taken_the_money_for_is_active_and_set_up_at_once(client, key, alice):
    made = sell(client, key, alice, payment=PAYMENT).json["data"]

    assert made["status"] == "active"
    assert counts() == [1, 1, 1, 1]
    again = sell(client, key, alice, payment=PAYMENT)
    assert (again.status_code, fields(again)) == (409, ["payment.reference"])


def test_a_repeated_call_sells_once(client, key, alice):
    first, second = (sell(client, key, alice, idempotency="once") for _ in range(2))

    assert first.json == second.json
    assert counts() == [1, 1, 1, 0]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"customerId": str(uuid4())}, "customerId"),
        ({"customerId": "1 OR 1=1"}, "customerId"),
        ({"planId": "nothing"}, "planId"),
        ({"billingCycle": "weekly"}, "billingCycle"),
        ({"promoCode": "NOPE"}, "promoCode"),
        ({"payment": PAYMENT | {"amount": "99.91"}}, "payment.amount"),
        ({"payment": PAYMENT | {"currency": "EUR"}}, "payment.currency"),
        ({"price": 1}, "price"),
        ({"status": "active"}, "status"),
    ],
)
def test_what_cannot_be_sold_is_refused_and_writes_nothing(client, key, alice, changes, field):
    answer = sell(client, key, alice, **changes)

    assert answer.status_code == 422
    assert fields(answer) == [field]
    assert counts() == [0, 0, 0, 0]


def test_a_closed_account_is_sold_nothing(client, key, alice):
    customer_of(alice).status = "closed"

    assert sell(client, key, alice).json["code"] == "closed_customer"


def test_a_strangers_customer_is_as_unknown_as_none(client, key, alice, charlie):
    missing = sell(client, key, alice, customerId=str(uuid4()))
    foreign = sell(client, key, charlie)

    assert foreign.status_code == missing.status_code == 422
    assert foreign.json["errors"] == missing.json["errors"]
    with tenancy.as_tenant(charlie.tenant_id):
        assert counts() == [0, 0, 0, 0]


def test_one_service_is_told_as_it_stands_and_never_how_to_get_in(client, key, alice):
    running = make_running(alice)

    answer = client.get(f"/api/marketing-api/services/{running.id}", **keyed(key))

    told = answer.json["data"]
    assert (told["status"], told["provisioning"], told["plan_slug"]) == ("active", "ready", "shared-starter")
    assert told["price"] == {"amount_minor": 4990, "currency": "USD"}
    assert SECRET not in answer.text
    assert "web-07" not in answer.text


def test_a_strangers_service_is_not_there(client, key, charlie, as_alice):
    with tenancy.as_tenant(charlie.tenant_id):
        catalogue.install_defaults()
        theirs = make_order(charlie).subscription
        db.session().flush()

    assert client.get(f"/api/marketing-api/services/{theirs.id}", **keyed(key)).status_code == 404
    assert client.get(f"/api/marketing-api/services/{theirs.id}").status_code == 401
    assert as_alice.get(f"/api/marketing-api/services/{theirs.id}").status_code == 401
