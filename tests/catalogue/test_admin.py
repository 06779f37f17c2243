"""`/admin/products`: what is sold, and what staff may do with it."""

import csv
import io
import re

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.catalogue import products, service
from app.features.catalogue.models import Price, Product
from app.features.subscriptions.models import Subscription
from app.kernel import db, tenancy
from app.kernel.access import Role
from app.kernel.ids import new_id
from tests.catalogue.factories import make_price, make_product
from tests.orders.factories import make_order
from tests.support.cast import make_staff

NEW = {
    "name": "Cloud One", "slug": "cloud-one", "category": "cloud", "description": "A start.", "features": "Fast\r\n\r\nSafe",
    "storage_gb": "10", "bandwidth_gb": "", "websites": "1", "mailboxes": "5", "stock": "", "active": "y",
    "price-USD-monthly": "4.99", "setup-USD-monthly": "1", "price-USD-oneYear": "49.90", "price-EUR-monthly": "4.50",
}  # fmt: skip
PAGES = ("", "/new", "/{id}", "/{id}/edit")
WRITES = ("", "/{id}", "/{id}/archiving", "/{id}/restoring", "/{id}/copies", "/export")


@pytest.fixture
def starter(tenant):
    product = make_product("starter", stock=5)
    make_price(product, minor=499, cycle="monthly")
    return product


@pytest.fixture
def as_bea(sign_in, tenant):
    return sign_in(make_staff("bea@harbourline.example", "Bea", Role.BILLING))


def _all(parts, product):
    return [f"/admin/products{part.format(id=product.id)}" for part in parts]


def test_strangers_customers_and_members_see_no_products(client, as_alice, sign_in, starter):
    member = sign_in(make_staff("mo@harbourline.example", "Mo", Role.MEMBER))

    for url in _all(PAGES, starter):
        assert client.get(url).status_code in {302, 303}
        assert as_alice.get(url).status_code == 403
        assert member.get(url).status_code == 403


def test_nobody_but_admins_writes_and_billing_reads_and_exports(client, as_alice, as_bea, starter):
    assert [as_bea.get(url).status_code for url in _all(PAGES, starter)] == [200, 403, 200, 403]
    assert "New product" not in as_bea.get("/admin/products").text
    assert as_bea.post("/admin/products/export", data={"as": "csv"}).status_code == 200
    for url in _all(WRITES[:-1], starter):
        assert client.post(url, data=NEW).status_code in {303, 401, 403}, url
        assert [asked.post(url, data=NEW).status_code for asked in (as_alice, as_bea)] == [403, 403], url

    assert db.session().scalars(sa.select(Product.slug)).all() == ["starter"]
    assert starter.archived_at is None


def test_a_foreign_product_is_not_there(as_sam, other_tenant, starter):
    with tenancy.as_tenant(other_tenant.id):
        foreign = make_product("theirs")

    for url in _all(PAGES[2:], foreign):
        assert as_sam.get(url).status_code == 404
    for url in _all(WRITES[1:5], foreign):
        assert as_sam.post(url, data=NEW).status_code == 404
    assert "theirs" not in as_sam.get("/admin/products").text
    assert "theirs" not in as_sam.post("/admin/products/export", data={"as": "csv"}).text
    assert as_sam.get(f"/admin/products/{new_id()}").status_code == 404


@pytest.mark.both_stores
def test_a_product_is_made_with_its_prices_and_can_be_bought_at_once(as_sam, tenant):
    answer = as_sam.post("/admin/products", data=NEW)

    product = service.find_sellable("cloud-one")
    assert (answer.status_code, answer.location) == (303, f"/admin/products/{product.id}")
    assert (product.features, product.bandwidth_gb, product.stock) == (["Fast", "Safe"], -1, None)
    price = service.price_of(product, "monthly", "USD")
    assert (price.amount_minor, price.setup_minor) == (499, 100)
    assert service.price_of(product, "monthly", "EUR").amount_minor == 450
    assert _logged("PRODUCT_CREATED").state_after["prices"]["monthly USD"] == "USD 4.99 + USD 1.00"


@pytest.mark.parametrize(
    ("field", "value"),
    [("slug", "Cloud One"), ("slug", "a" * 65), ("slug", "01936d5e-7c22-7a41-8a0d-9d1c3a7e5b60"), ("slug", ""), ("name", " "), ("name", "x" * 81),
     ("category", "Shared Hosting"), ("storage_gb", "-1"), ("storage_gb", "1e9"), ("storage_gb", "１０"),
     ("storage_gb", "9999999999"), ("stock", "-5"), ("stock", "1.5"), ("websites", "0x10"), ("mailboxes", "1_000")],
)  # fmt: skip
def test_what_cannot_be_is_refused_at_its_field_and_keeps_what_was_typed(as_sam, tenant, field, value):
    answer = as_sam.post("/admin/products", data={**NEW, field: value})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert 'value="49.90"' in answer.text
    assert db.session().scalar(sa.select(sa.func.count(Product.id))) == 0


@pytest.mark.parametrize(
    "amount",
    ["-1", "1e309", "NaN", "0x10", "1_000", "１００", "4.999", "4,99", "10000000000000000", "inf", "+1", "1 0"],
)
@pytest.mark.parametrize("kind", ["price", "setup"])
def test_an_amount_that_is_none_is_refused_and_never_stored(as_sam, tenant, amount, kind):
    answer = as_sam.post("/admin/products", data={**NEW, f"{kind}-USD-monthly": amount})

    assert answer.status_code == 422
    assert f'id="{kind}-USD-monthly-error"' in answer.text
    assert db.session().scalar(sa.select(sa.func.count(Price.id))) == 0


def test_a_currency_without_decimals_takes_none_and_an_unknown_one_is_left_out(as_sam, tenant):
    refused = as_sam.post("/admin/products", data={**NEW, "price-JPY-monthly": "500.50"})
    as_sam.post(
        "/admin/products", data={**NEW, "price-JPY-monthly": "500", "price-XYZ-monthly": "5", "price-USD-daily": "5"}
    )

    assert refused.status_code == 422
    product = service.find_sellable("cloud-one")
    assert service.price_of(product, "monthly", "JPY").amount_minor == 500
    assert {currency for currency, _ in products.prices_of(product)} == {"USD", "EUR", "JPY"}


def test_a_set_up_fee_alone_is_no_price(as_sam, tenant):
    answer = as_sam.post("/admin/products", data={**NEW, "price-USD-monthly": ""})

    assert answer.status_code == 422
    assert "needs a price" in answer.text


@pytest.mark.both_stores
def test_a_slug_that_is_taken_is_said_at_its_field(as_sam, starter):
    answer = as_sam.post("/admin/products", data={**NEW, "slug": "starter"})

    assert answer.status_code == 422
    assert "Another product has this slug already." in answer.text


def test_only_the_fields_of_the_form_can_be_set(as_sam, other_tenant, starter):
    extra = {"id": str(new_id()), "tenant_id": str(other_tenant.id), "slug": "evil", "archived_at": "2020-01-01",
             "created_at": "2020-01-01", "driver": "http", "driver_settings": "{}", "stock_was": "5"}  # fmt: skip
    before = (starter.id, starter.tenant_id, starter.created_at)

    as_sam.post(f"/admin/products/{starter.id}", data={**NEW, **extra, "stock": "5"})

    assert (starter.id, starter.tenant_id, starter.created_at) == before
    assert (starter.slug, starter.archived_at, starter.driver) == ("starter", None, "manual")
    assert starter.name == "Cloud One"


@pytest.mark.both_stores
def test_a_change_of_price_leaves_running_subscriptions_alone(as_sam, plans, alice):
    order = make_order(alice)
    bought = db.session().scalars(sa.select(Subscription).where(Subscription.customer_id == alice.customer_id)).one()
    paid, product = bought.price_minor, db.session().get_one(Product, bought.product_id)
    sent = {**NEW, "name": product.name, "category": product.category, "price-USD-oneYear": "999.00", "stock_was": ""}

    answer = as_sam.post(f"/admin/products/{product.id}", data=sent)

    assert answer.status_code == 303
    assert service.price_of(product, "oneYear", "USD").amount_minor == 99900
    db.session().refresh(bought)
    assert bought.price_minor == paid
    assert paid > 0
    assert order is not None
    logged = _logged("PRICE_CHANGED")
    assert logged.state_before["prices"]["oneYear USD"] == "USD 49.90"
    assert logged.state_after["prices"]["oneYear USD"] == "USD 999.00"


@pytest.mark.both_stores
def test_stock_that_was_sold_while_it_was_typed_is_not_overwritten(as_sam, starter):
    page = as_sam.get(f"/admin/products/{starter.id}/edit").text
    assert re.search(r'name="stock_was" type="hidden" value="5"', page)
    service.take_stock(starter)

    refused = as_sam.post(f"/admin/products/{starter.id}", data={**NEW, "stock": "10", "stock_was": "5"})
    kept = as_sam.post(f"/admin/products/{starter.id}", data={**NEW, "stock": "5", "stock_was": "5"})

    db.session().refresh(starter)
    assert (refused.status_code, kept.status_code, starter.stock) == (409, 303, 4)
    assert "4 are left" in refused.text


def test_more_currencies_are_offered_without_saving(as_sam, tenant):
    answer = as_sam.post("/admin/products", data={**NEW, "more": "1", "currency": "GBP"})

    assert answer.status_code == 200
    assert 'name="price-GBP-threeYears"' in answer.text
    assert 'value="Cloud One"' in answer.text
    assert db.session().scalar(sa.select(sa.func.count(Product.id))) == 0


@pytest.mark.both_stores
def test_an_archived_product_is_not_sold_and_can_come_back(as_sam, starter):
    as_sam.post(f"/admin/products/{starter.id}/archiving")
    as_sam.post(f"/admin/products/{starter.id}/archiving")
    assert not service.catalog()
    assert "Archived" in as_sam.get(f"/admin/products/{starter.id}").text

    as_sam.post(f"/admin/products/{starter.id}/restoring")

    assert [offer.product for offer in service.catalog()] == [starter]
    assert _logged("PRODUCT_ARCHIVED").resource_id == starter.id


def test_a_copy_is_not_on_sale_and_has_the_prices(as_sam, starter):
    first = as_sam.post(f"/admin/products/{starter.id}/copies")
    as_sam.post(f"/admin/products/{starter.id}/copies")

    copies = db.session().scalars(sa.select(Product).where(Product.id != starter.id).order_by(Product.id)).all()
    assert first.location == f"/admin/products/{copies[0].id}/edit"
    assert [copy.slug for copy in copies] == ["starter-copy", "starter-copy-2"]
    assert not any(copy.is_on_sale for copy in copies)
    assert products.prices_of(copies[0]) == products.prices_of(starter)


@pytest.mark.both_stores
def test_the_list_finds_sorts_and_narrows_in_few_queries(as_sam, plans, queries):
    with queries(max=15):
        everything = as_sam.get("/admin/products").text
    assert everything.count('<td class="first">') == 4
    assert "USD 4.99 a month" in everything

    assert _names(as_sam.get("/admin/products?q=BUSI").text) == ["Business"]
    assert _names(as_sam.get("/admin/products?q=100%25").text) == []
    assert _names(as_sam.get("/admin/products?sort=name").text) == ["Business", "Enterprise", "Professional", "Starter"]
    assert _names(as_sam.get("/admin/products?state=archived").text) == []
    assert len(_names(as_sam.get("/admin/products?category=shared-hosting").text)) == 4
    assert "Nothing matches" in as_sam.get("/admin/products?category=cloud").text


def test_the_export_holds_what_the_list_shows_and_no_formula(as_sam, starter):
    starter.name = "=cmd|' /C calc'!A0"
    db.session().flush()

    answer = as_sam.post("/admin/products/export", data={"as": "csv", "q": "start"})

    head, line = csv.reader(io.StringIO(answer.text.lstrip("\ufeff")))
    told = dict(zip(head, line, strict=True))
    assert (told["slug"], told["monthly"], told["stock"], told["currency"]) == ("starter", "4.99", "5", "USD")
    assert told["name"].startswith("'=")
    assert as_sam.post("/admin/products/export", data={"as": "xlsx"}).data[:2] == b"PK"
    assert _logged("DATA_EXPORTED", first=True).state_after["what"] == "products"


def test_an_empty_house_is_told_what_to_do_first(as_sam, tenant):
    assert "Make the first product" in as_sam.get("/admin/products").text


def _names(text: str) -> list[str]:
    return re.findall(r'<div class="t"><a class="strong" href="[^"]*">([^<]*)</a>', text)


def _logged(action: str, *, first: bool = False) -> AuditLog:
    found = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == action).order_by(AuditLog.id)).all()
    assert found
    assert first or len(found) == 1
    return found[0]
