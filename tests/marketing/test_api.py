"""`/api/marketing-api` and `/api/marketing`: what the marketing site is promised."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.features import load_tables
from app.features.accounts.models import Customer, User
from app.features.api_keys import service as api_keys
from app.features.audit.models import AuditLog
from app.features.billing.models import Invoice
from app.features.catalogue.models import Product, PromoCode
from app.features.marketing.schemas import AccountIn
from app.features.messages.models import EmailMessage
from app.features.orders.models import Order
from app.features.subscriptions.models import Subscription
from app.kernel import db, tenancy
from app.kernel.idempotency import IdempotencyKey
from tests.api_keys.factories import make_key
from tests.support.cast import keyed

CREATE = "/api/marketing-api/accounts/create"
SIGN_UP: dict[str, Any] = {
    "email": "customer@example.com",
    "firstName": "John",
    "lastName": "Doe",
    "planId": "shared-starter",
    "billingCycle": "oneYear",
    "promoCode": "WELCOME20",
    "marketingSource": "google-ads",
    "utmParams": {"campaign": "summer-sale", "source": "google", "medium": "cpc"},
}
WRITTEN = (Customer, User, Order, Subscription, Invoice, EmailMessage, AuditLog, IdempotencyKey)


@pytest.fixture
def key(plans) -> str:
    """A key with the scope `marketing`, in a tenant that sells the four plans."""
    return make_key()[1]


def sign_up(client, key: str, /, *, idempotency: str | None = None, **changes: Any) -> Any:
    body = {name: value for name, value in {**SIGN_UP, **changes}.items() if value is not ...}
    more = {"Idempotency-Key": idempotency} if idempotency else {}
    return client.post(CREATE, json=body, **keyed(key, **more))


def written() -> dict[str, int]:
    """How many rows there are of everything that a sign-up makes."""
    db.session().flush()
    found = {model.__tablename__: db.session().scalar(sa.select(sa.func.count(model.id))) or 0 for model in WRITTEN}
    return found | {"uses": db.session().scalar(sa.select(sa.func.sum(PromoCode.uses))) or 0}


@pytest.mark.both_stores
def test_a_sign_up_makes_everything_at_once(client, key):
    answer = sign_up(client, key)

    assert answer.status_code == 201
    assert answer.json["success"] is True
    made = answer.json["data"]
    assert set(made) == {
        "customerId", "userId", "orderId", "subscriptionId", "invoiceId", "resetToken", "setPasswordUrl",
    }  # fmt: skip
    customer = db.session().scalars(sa.select(Customer)).one()
    assert str(customer.id) == made["customerId"]
    assert (customer.marketing_source, customer.utm_campaign) == ("google-ads", "summer-sale")
    assert (customer.utm_source, customer.utm_medium, customer.utm_content) == ("google", "cpc", "")
    user = db.session().scalars(sa.select(User).where(User.customer_id == customer.id)).one()
    assert (str(user.id), user.email, user.name, user.password_hash) == (
        made["userId"],
        SIGN_UP["email"],
        "John Doe",
        None,
    )
    invoice = db.session().scalars(sa.select(Invoice)).one()
    assert (str(invoice.id), invoice.total_minor, invoice.currency, invoice.status) == (
        made["invoiceId"],
        3992,
        "USD",
        "issued",
    )
    assert invoice.number
    assert str(db.session().scalars(sa.select(Order.id)).one()) == made["orderId"]
    subscription = db.session().scalars(sa.select(Subscription)).one()
    assert (str(subscription.id), subscription.status) == (made["subscriptionId"], "pending")
    assert made["setPasswordUrl"] == f"http://127.0.0.1:2271/set-password?token={made['resetToken']}"
    assert client.get(made["setPasswordUrl"].removeprefix("http://127.0.0.1:2271")).status_code == 200
    actions = set(db.session().scalars(sa.select(AuditLog.action)))
    assert {"CUSTOMER_CREATED", "USER_CREATED", "ORDER_CREATED", "SUBSCRIPTION_CREATED", "INVOICE_ISSUED"} <= actions
    mail = db.session().scalars(sa.select(EmailMessage)).one()
    assert (mail.template, mail.to_address) == ("welcome", SIGN_UP["email"])


def test_a_plan_may_be_named_by_its_id_and_what_is_optional_left_out(client, key):
    plan = db.session().scalars(sa.select(Product).where(Product.slug == "shared-business")).one()

    answer = sign_up(
        client, key, planId=str(plan.id), billingCycle="monthly", promoCode=..., marketingSource=..., utmParams=...
    )

    assert answer.status_code == 201
    assert db.session().scalars(sa.select(Invoice.total_minor)).one() == 999


def test_null_and_blank_say_nothing(client, key):
    assert sign_up(client, key, promoCode=None, marketingSource=None, utmParams=None).status_code == 201
    assert sign_up(client, key, email="b@example.com", promoCode=" ", marketingSource="").status_code == 201
    assert set(db.session().scalars(sa.select(Invoice.total_minor))) == {4990}


@pytest.mark.both_stores
def test_the_same_idempotency_key_gives_the_same_answer_and_nothing_new(client, key):
    first = sign_up(client, key, idempotency="try-1")
    before = written()

    second = sign_up(client, key, idempotency="try-1")

    assert (second.status_code, second.json) == (201, first.json)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert written() == before


def test_an_idempotency_key_is_for_one_body_of_one_key_for_one_day(client, key, now):
    sign_up(client, key, idempotency="try-1")
    before = written()

    other = sign_up(client, key, idempotency="try-1", firstName="Jane")

    assert other.status_code == 422
    assert [error["field"] for error in other.json["errors"]] == ["Idempotency-Key"]
    assert written() == before
    _, second_key = make_key("Another program")
    assert sign_up(client, second_key, idempotency="try-1", email="b@example.com").status_code == 201
    now.shift(timedelta(hours=24, seconds=1))
    assert sign_up(client, key, idempotency="try-1", email="c@example.com").status_code == 201


def test_a_refusal_is_not_kept_under_the_idempotency_key(client, key):
    assert sign_up(client, key, idempotency="try-1", planId="nothing").status_code == 422

    assert sign_up(client, key, idempotency="try-1").status_code == 201


def test_the_stored_answer_is_no_way_to_the_link(client, key):
    made = sign_up(client, key, idempotency="try-1").json["data"]

    row = db.session().execute(sa.select(*IdempotencyKey.__table__.columns).where(IdempotencyKey.key == "try-1")).one()

    assert not any(made["resetToken"] in repr(value) for value in row)


BAD = {
    "unknown plan": ({"planId": "shared-nothing"}, 422, "planId"),
    "plan that is no text": ({"planId": 7}, 422, "planId"),
    "plan left out": ({"planId": ...}, 422, "planId"),
    "somebody's plan": ({"planId": "0192f0c1-7a3b-7c4d-8e5f-60718293a4b5"}, 422, "planId"),
    "plan in capitals": ({"planId": "SHARED-STARTER"}, 422, "planId"),
    "plan with a quote": ({"planId": "' OR 1=1 --"}, 422, "planId"),
    "unknown cycle": ({"billingCycle": "weekly"}, 422, "billingCycle"),
    "cycle not sold": ({"billingCycle": "oneTime"}, 422, "billingCycle"),
    "cycle that is null": ({"billingCycle": None}, 422, "billingCycle"),
    "unknown code": ({"promoCode": "WELCOME21"}, 422, "promoCode"),
    "code that is a list": ({"promoCode": ["WELCOME20"]}, 422, "promoCode"),
    "endless code": ({"promoCode": "W" * 200}, 422, "promoCode"),
    "no e-mail": ({"email": ...}, 422, "email"),
    "malformed e-mail": ({"email": "customer@"}, 422, "email"),
    "two e-mails": ({"email": "a@example.com, b@example.com"}, 422, "email"),
    "e-mail with a header": ({"email": "a@example.com\r\nBcc: b@example.com"}, 422, "email"),
    "e-mail with a name": ({"email": "John <a@example.com>"}, 422, "email"),
    "endless e-mail": ({"email": "a" * 300 + "@example.com"}, 422, "email"),
    "e-mail that is a number": ({"email": 1}, 422, "email"),
    "no first name": ({"firstName": ""}, 422, "firstName"),
    "last name left out": ({"lastName": ...}, 422, "lastName"),
    "name of two lines": ({"firstName": "John\nBcc: x"}, 422, "firstName"),
    "web address for a first name": ({"firstName": "Win at https://evil.example"}, 422, "firstName"),
    "web address for a last name": ({"lastName": "www.evil.example"}, 422, "lastName"),
    "NUL in a name": ({"lastName": "Doe\0"}, 422, "lastName"),
    "endless name": ({"lastName": "x" * 101}, 422, "lastName"),
    "source that is a number": ({"marketingSource": 1}, 422, "marketingSource"),
    "utm that is a text": ({"utmParams": "summer-sale"}, 422, "utmParams"),
    "unknown utm": ({"utmParams": {"campagne": "x"}}, 422, "utmParams.campagne"),
    "utm that is a number": ({"utmParams": {"term": 1}}, 422, "utmParams.term"),
    "payment": ({"payment": {"gateway": "external", "reference": "r", "amount": "39.92"}}, 422, "payment.currency"),
    "unknown field": ({"discount": 100}, 422, "discount"),
    "python's name": ({"first_name": "John"}, 422, "first_name"),
}


@pytest.mark.parametrize(("changes", "status", "field"), BAD.values(), ids=BAD.keys())
def test_bad_input_names_its_field_and_nothing_is_written(client, key, changes, status, field):
    before = written()

    answer = sign_up(client, key, idempotency="try-1", **changes)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert (answer.json["success"], bool(answer.json["error"])) == (False, True)
    assert written() == before


def test_an_address_is_taken_once_in_a_tenant_however_it_is_written(client, key):
    sign_up(client, key)
    before = written()

    for email in ("customer@example.com", "CUSTOMER@Example.COM", " customer@example.com "):
        answer = sign_up(client, key, email=email)
        assert answer.status_code == 409
        assert [error["field"] for error in answer.json["errors"]] == ["email"]
    assert written() == before


def test_what_is_sold_out_is_a_409_that_names_the_plan(client, key):
    db.session().execute(sa.update(Product).values(stock=0))
    before = written()

    answer = sign_up(client, key)

    assert answer.status_code == 409
    assert [error["field"] for error in answer.json["errors"]] == ["planId"]
    assert written() == before


def test_a_megabyte_is_too_large(client, key):
    before = written()

    answer = sign_up(client, key, firstName="x" * 1024 * 1024)

    assert answer.status_code == 413
    assert written() == before


@pytest.mark.parametrize(
    ("raw", "content_type", "status"),
    [("{", "application/json", 400), ("", "application/json", 400), ("[]", "application/json", 400),
     (json.dumps(SIGN_UP), "text/plain", 415),
     (json.dumps(SIGN_UP)[:-1] + ', "email": "b@example.com"}', "application/json", 400),
     ("email=a@example.com", "application/x-www-form-urlencoded", 415)],
)  # fmt: skip
def test_what_is_no_plain_json_is_not_read(client, key, raw, content_type, status):
    before = written()

    answer = client.post(CREATE, data=raw, content_type=content_type, **keyed(key))

    assert answer.status_code == status
    assert answer.json["success"] is False
    assert written() == before


def test_strangers_without_a_good_key_make_nothing(client, key, other_tenant):
    revoked, revoked_secret = make_key("Old")
    api_keys.revoke(revoked)
    _, wrong_scope = make_key("Reports", scopes=("admin", "webhook"))
    before = written()

    assert client.post(CREATE, json=SIGN_UP, csrf=False).status_code == 401
    for wrong in ("", "mk_", "x", revoked_secret, key[:-1], key + "x", key + " x"):
        assert sign_up(client, wrong).status_code == 401, wrong
    assert sign_up(client, wrong_scope).status_code == 403
    assert client.post(f"{CREATE}?X-API-Key={key}", json=SIGN_UP, csrf=False).status_code == 401
    assert client.post(CREATE, json=SIGN_UP, base_url=f"http://{other_tenant.domain}", **keyed(key)).status_code == 401
    assert written() == before


def test_staff_with_a_login_are_no_program(as_sam, plans):
    assert as_sam.post(CREATE, json=SIGN_UP).status_code == 401


def test_another_tenants_key_makes_its_own_customer(client, plans, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        _, theirs = make_key()
        db.session().flush()
    before = written()

    answer = sign_up(client, theirs)

    assert answer.status_code == 422, "the other tenant sells no plan"
    assert [error["field"] for error in answer.json["errors"]] == ["planId"]
    assert written() == before


COLUMNS = sorted(
    {
        name
        for table in load_tables().sorted_tables
        for column in table.columns
        for head, *rest in [column.name.split("_")]
        for name in (column.name, head + "".join(part.title() for part in rest))
    }
    - {field.alias or name for name, field in AccountIn.model_fields.items()}
)
"""Every column of the house, in both spellings, but for what the call really takes."""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.sets(st.sampled_from(COLUMNS), min_size=1, max_size=3))
def test_no_column_can_be_set_from_outside(client, key, now, names):
    now.shift(60)  # a new minute of the limit
    answer = sign_up(client, key, **dict.fromkeys(names, 5))

    assert answer.status_code == 422
    assert names == {error["field"] for error in answer.json["errors"]}


def test_ten_a_minute_and_then_429_that_says_when(client, key, now):
    answers = [sign_up(client, key, email=f"c{number}@example.com") for number in range(11)]

    assert [answer.status_code for answer in answers] == [201] * 10 + [429]
    over = answers[-1]
    wait = int(over.headers["Retry-After"])
    assert 1 <= wait <= 60
    assert over.headers["RateLimit-Remaining"] == "0"
    assert over.json["code"] == "too_many"
    now.shift(wait)
    assert sign_up(client, key, email="c11@example.com").status_code == 201


def test_the_limit_is_each_keys_own_and_has_no_side_door(client, key):
    for number in range(10):
        sign_up(client, key, email=f"c{number}@example.com")
    before = written()

    for path in (
        CREATE, CREATE + "/", CREATE + ";x", CREATE + "?a=b", "/" + CREATE, CREATE.replace("/accounts", "//accounts"),
        CREATE.replace("/accounts", "/./accounts"), CREATE.replace("/create", "%2fcreate"), CREATE.upper(),
        CREATE.replace("accounts", "Accounts"), CREATE + "%20", CREATE.replace("api/", "api/../api/"),
    ):  # fmt: skip
        answer = client.post(path, json={**SIGN_UP, "email": "d@example.com"}, **keyed(key))
        assert answer.status_code in {404, 405, 308, 429}, path
    assert client.post(CREATE, data="x", content_type="text/plain", **keyed(key)).status_code == 429
    assert client.head(CREATE, **keyed(key)).status_code == 405
    assert written() == before
    _, other = make_key("Another program")
    assert sign_up(client, other).status_code == 201


def test_the_hourly_limit_of_a_key_counts_besides(client, plans):
    _, secret = make_key(hourly_limit=3)

    statuses = [client.get("/api/marketing-api/status/system", **keyed(secret)).status_code for _ in range(4)]

    assert statuses == [200, 200, 200, 429]


def test_the_catalogue_has_every_plan_with_its_prices(client, key, queries):
    with queries(max=8):
        answer = client.get("/api/marketing-api/products/catalog?category=shared-hosting", **keyed(key))

    assert answer.status_code == 200
    found = answer.json["data"]
    assert [product["slug"] for product in found] == [
        "shared-starter", "shared-business", "shared-professional", "shared-enterprise",
    ]  # fmt: skip
    starter = found[0]
    prices = {price["billing_cycle"]: price["price"] for price in starter["prices"]}
    assert prices["oneYear"] == {"amount_minor": 4990, "currency": "USD"}
    assert (starter["storage_gb"], starter["bandwidth_gb"], starter["websites"], starter["available"]) == (
        10,
        -1,
        1,
        True,
    )
    assert client.get("/api/marketing-api/products/catalog?category=cloud", **keyed(key)).json["data"] == []
    assert client.get("/api/marketing-api/products/catalog?colour=red", **keyed(key)).status_code == 422


def test_stock_is_told_by_slug_or_id(client, key):
    plan = db.session().scalars(sa.select(Product).where(Product.slug == "shared-starter")).one()

    def ask(name: object) -> Any:
        return client.get(f"/api/marketing-api/products/{name}/availability", **keyed(key))

    assert ask("shared-starter").json["data"] == {
        "id": str(plan.id), "slug": "shared-starter", "available": True, "stock": None,
    }  # fmt: skip
    plan.stock = 0
    assert ask(plan.id).json["data"]["available"] is False
    assert ask("nothing").status_code == 404
    assert ask("%00").status_code == 404


def test_a_customers_services_are_listed(client, key, other_tenant, charlie):
    made = sign_up(client, key).json["data"]

    answer = client.get(f"/api/marketing-api/customers/{made['customerId']}/services", **keyed(key))

    [service] = answer.json["data"]["items"]
    assert service["id"] == made["subscriptionId"]
    assert (service["plan_slug"], service["status"], service["billing_cycle"]) == (
        "shared-starter",
        "pending",
        "oneYear",
    )
    assert service["price"] == {"amount_minor": 4990, "currency": "USD"}
    for stranger in (charlie.customer_id, made["userId"], "nonsense"):
        assert client.get(f"/api/marketing-api/customers/{stranger}/services", **keyed(key)).status_code == 404


def test_the_systems_status_is_looked_at(client, key):
    answer = client.get("/api/marketing-api/status/system", **keyed(key))

    assert answer.json["data"]["status"] == "operational"
    assert set(answer.json["data"]["services"]) == {"api", "database", "email"}


def test_pricing_is_public_and_spelled_as_the_contract_says(client, plans):
    answer = client.get("/api/marketing/pricing")

    assert answer.status_code == 200
    first, *others = answer.json["plans"]
    assert first["id"] == "shared-starter"
    assert '"price":4.99,' in answer.text
    assert set(first) == {
        "id", "name", "description", "price", "currency", "billing_cycle", "features", "storage_gb", "bandwidth_gb",
        "websites", "featured",
    }  # fmt: skip
    assert (first["name"], first["billing_cycle"], first["featured"]) == ("Starter", "monthly", False)
    assert (first["storage_gb"], first["bandwidth_gb"], first["websites"]) == (10, -1, 1)
    assert first["features"]["features"]
    assert [plan["price"] for plan in others] == [9.99, 19.99, 49.99]
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_nothing_of_what_lets_somebody_in_is_logged(client, key, capsys):
    made = sign_up(client, key).json["data"]

    printed = capsys.readouterr()

    for secret in (made["resetToken"], key[7:]):
        assert secret not in printed.out + printed.err
