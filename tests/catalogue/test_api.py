"""`/api/v1/billing/products` and `/api/marketing-api/promo-codes`: the catalogue as JSON."""

import pytest
import sqlalchemy as sa

from app.features.catalogue import service
from app.features.catalogue.models import Product, PromoCode
from app.kernel import db, tenancy
from app.kernel.access import Role
from app.kernel.ids import new_id
from app.kernel.money import Money
from tests.api_keys.factories import make_key
from tests.catalogue.factories import make_price, make_product, make_promo_code
from tests.orders.factories import make_order
from tests.support.cast import keyed, make_staff

HERE = "/api/v1/billing/products"
NEW = {
    "slug": "cloud-one", "name": "Cloud One", "category": "cloud", "features": ["Fast"], "storage_gb": 10, "stock": 3,
    "prices": [{"billing_cycle": "monthly", "currency": "USD", "amount_minor": 499, "setup_minor": 100}],
}  # fmt: skip


@pytest.fixture
def starter(tenant):
    product = make_product("starter", stock=5)
    make_price(product, minor=499, cycle="monthly")
    return product


@pytest.fixture
def key(plans):
    return make_key()[1]


def validate(client, key, code, **query):
    asked = {"planId": "shared-starter", "billingCycle": "oneYear"} | query
    return client.get(f"/api/marketing-api/promo-codes/{code}/validate", query_string=asked, **keyed(key))


def test_strangers_customers_and_lesser_staff_are_kept_out(client, as_alice, sign_in, starter):
    member = sign_in(make_staff("mo@harbourline.example", "Mo", Role.MEMBER))
    billing = sign_in(make_staff("bea@harbourline.example", "Bea", Role.BILLING))

    for url in (HERE, f"{HERE}/{starter.id}"):
        assert [who.get(url).status_code for who in (client, as_alice, member, billing)] == [401, 403, 403, 200]
    for who in (client, as_alice, member, billing):
        assert who.post(HERE, json=NEW).status_code in {401, 403}
        assert who.patch(f"{HERE}/{starter.id}", json={"name": "Evil"}).status_code in {401, 403}
        assert who.post(f"{HERE}/{starter.id}/archive", json={}).status_code in {401, 403}
    assert (starter.name, starter.archived_at) == ("Starter", None)
    assert client.get("/api/marketing-api/promo-codes/X/validate?planId=a&billingCycle=b").status_code == 401


def test_a_foreign_product_is_not_there(as_sam, other_tenant, starter):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_product("theirs")

    assert as_sam.get(f"{HERE}/{foreign.id}").status_code == 404
    assert as_sam.patch(f"{HERE}/{foreign.id}", json={"name": "Mine"}).status_code == 404
    assert as_sam.post(f"{HERE}/{foreign.id}/archive", json={}).status_code == 404
    assert [one["slug"] for one in as_sam.get(HERE).json["items"]] == ["starter"]


def test_everybody_reads_what_is_on_sale_and_nothing_else(client, plans):
    make_product("hidden", active=False)

    shown = client.get(f"{HERE}/catalog/public").json

    assert [one["slug"] for one in shown][:2] == ["shared-starter", "shared-business"]
    assert "hidden" not in str(shown)
    assert not {"id", "stock", "active", "archived_at"} & set(shown[0])


@pytest.mark.both_stores
def test_a_product_is_made_changed_and_archived(as_sam, tenant):
    made = as_sam.post(HERE, json=NEW)
    product_id = made.json["id"]
    changed = as_sam.patch(f"{HERE}/{product_id}", json={"name": "Cloud 1", "stock": None})
    archived = as_sam.post(f"{HERE}/{product_id}/archive", json={})

    assert made.status_code == 201
    assert made.json["prices"][0]["price"] == {"amount_minor": 499, "currency": "USD"}
    assert (changed.json["name"], changed.json["stock"], changed.json["storage_gb"]) == ("Cloud 1", None, 10)
    assert len(changed.json["prices"]) == 1
    assert archived.json["archived_at"]
    assert not service.catalog()
    assert as_sam.post(f"{HERE}/{product_id}/unarchive", json={}).json["archived_at"] is None


def test_prices_that_are_sent_are_all_there_are(as_sam, starter):
    sent = [{"billing_cycle": "oneYear", "currency": "EUR", "amount_minor": 4990}]

    answer = as_sam.patch(f"{HERE}/{starter.id}", json={"prices": sent})

    assert [(one["billing_cycle"], one["price"]["currency"]) for one in answer.json["prices"]] == [("oneYear", "EUR")]
    assert as_sam.patch(f"{HERE}/{starter.id}", json={"prices": sent * 2}).status_code == 422


@pytest.mark.parametrize(
    "change",
    [{"id": str(new_id())}, {"tenant_id": str(new_id())}, {"slug": "evil"}, {"archived_at": None}, {"created_at": None},
     {"name": ""}, {"stock": -1}, {"stock": "5"}, {"storage_gb": 1.5}, {"category": "Not A Slug"}, {"driver": "http"},
     {"prices": [{"billing_cycle": "monthly", "currency": "USD", "amount_minor": -1}]},
     {"prices": [{"billing_cycle": "monthly", "currency": "XYZ", "amount_minor": 1}]},
     {"prices": [{"billing_cycle": "daily", "currency": "USD", "amount_minor": 1}]},
     {"prices": [{"billing_cycle": "monthly", "currency": "USD", "amount_minor": 10**15}]}],
)  # fmt: skip
def test_what_is_no_field_or_cannot_be_is_refused(as_sam, starter, change):
    before = (starter.slug, starter.name, starter.stock)

    assert as_sam.patch(f"{HERE}/{starter.id}", json=change).status_code == 422
    assert (starter.slug, starter.name, starter.stock) == before


def test_a_taken_slug_names_its_field(as_sam, starter):
    answer = as_sam.post(HERE, json={**NEW, "slug": "starter"})

    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "slug")
    assert db.session().scalar(sa.select(sa.func.count(Product.id))) == 1


def test_the_list_pages_in_few_queries(as_sam, plans, queries):
    with queries(max=15):
        first = as_sam.get(f"{HERE}?limit=3").json
    rest = as_sam.get(f"{HERE}?limit=3&cursor={first['next_cursor']}").json

    assert len(first["items"]) == 3
    assert {one["slug"] for one in (*first["items"], *rest["items"])} == set(
        db.session().scalars(sa.select(Product.slug))
    )


@pytest.mark.both_stores
def test_a_code_is_tried_as_it_would_be_applied_and_not_used(client, key, alice):
    told = validate(client, key, "welcome20").json["data"]
    order = make_order(alice, promo_code="WELCOME20")

    assert (told["valid"], told["code"], told["description"]) == (True, "WELCOME20", "WELCOME20, 20 %")
    assert told["discount"] == {"amount_minor": 998, "currency": "USD"}
    assert told["total"]["amount_minor"] == order.invoice.subtotal_minor - order.invoice.discount_minor
    assert db.session().scalars(sa.select(PromoCode.uses)).one() == 1


@pytest.mark.parametrize(
    ("code", "given", "reason"),
    [("NEVER", None, "unknown_promo_code"), ("USED", {"maximum_uses": 1, "uses": 1}, "promo_code_used_up"),
     ("OTHER", {"product_slugs": ["shared-business"]}, "promo_code_elsewhere"),
     ("CYCLE", {"cycles": ["monthly"]}, "promo_code_elsewhere")],
)  # fmt: skip
def test_a_code_that_cannot_be_used_says_why(client, key, code, given, reason):
    if given is not None:
        make_promo_code(code, **given)

    told = validate(client, key, code).json["data"]

    assert (told["valid"], told["reason"]) == (False, reason)
    assert told["message"]
    assert told["discount"]["amount_minor"] == 0
    assert Money(told["total"]["amount_minor"], "USD") == Money(4990, "USD")


def test_a_plan_or_cycle_that_is_not_sold_is_refused_by_name(client, key):
    assert validate(client, key, "WELCOME20", planId="nothing").json["errors"][0]["field"] == "planId"
    assert validate(client, key, "WELCOME20", billingCycle="daily").json["errors"][0]["field"] == "billingCycle"


def test_a_key_of_another_scope_tries_no_codes(client, plans):
    assert validate(client, make_key(scopes=["webhook"])[1], "WELCOME20").status_code == 403


def test_a_stranger_asks_for_the_catalogue_so_often_and_no_more(client):
    assert client.get("/api/v1/billing/products/catalog/public").headers["RateLimit-Limit"] == "100"
