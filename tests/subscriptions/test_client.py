"""`/client/services`: what the account rents."""

import pytest
import sqlalchemy as sa

from app.features.subscriptions.models import Subscription
from app.kernel import db, tenancy
from tests.catalogue.factories import make_price, make_product
from tests.orders.factories import customer_of, make_order
from tests.support.cast import OTHER_HOST


def test_an_account_without_services_is_told_what_will_stand_here(as_alice):
    response = as_alice.get("/client/services")

    assert response.status_code == 200
    assert "No services yet" in response.text


def test_the_list_shows_plan_price_and_what_comes_next(plans, as_alice, alice, queries):
    placed = make_order(alice)
    make_order(alice, plan="shared-business", cycle="monthly")

    with queries(max=8):
        response = as_alice.get("/client/services")
    assert f"/client/services/{placed.subscription.id}" in response.text
    assert "USD 49.90 a year · its time starts when it is paid" in response.text
    assert response.text.count("Waiting for payment</span>") == 2


def test_the_list_is_filtered_by_state(plans, as_alice, alice):
    make_order(alice)

    assert "Nothing matches" in as_alice.get("/client/services?state=active").text
    assert "49.90" in as_alice.get("/client/services?state=nonsense").text


def test_a_filter_alone_answers_with_the_rows_alone(plans, as_alice, alice):
    make_order(alice)

    response = as_alice.get("/client/services", headers={"HX-Request": "true", "HX-Target": "rows"})

    assert response.text.strip().startswith('<div id="rows">')


def _sold(user, product):
    price = make_price(product)
    row = Subscription(
        customer_id=customer_of(user).id,
        product_id=product.id,
        plan_name=product.name,
        cycle=price.cycle,
        price_minor=price.amount_minor,
        currency=price.currency,
    )
    db.session().add(row)
    db.session().flush()
    return row


def test_a_stranger_finds_nothing(plans, as_bob, as_charlie, alice, other_tenant):
    placed = make_order(alice)

    for stranger in (as_bob, as_charlie):
        answer = stranger.get("/client/services").text
        assert "No services yet" in answer
        assert str(placed.subscription.id) not in answer


def test_staff_and_strangers_have_no_portal(client, as_olive):
    assert as_olive.get("/client/services").status_code == 403
    assert client.get("/client/services").location.startswith("/sign-in")


def test_a_long_list_pages_by_key(tenant, as_alice, alice, now):
    product = make_product()
    price = make_price(product)
    for index in range(55):
        row = Subscription(
            customer_id=alice.customer_id, product_id=product.id, plan_name=f"Plan {index:02}", cycle=price.cycle,
            price_minor=1, currency="USD",
        )  # fmt: skip
        db.session().add(row)
        now.shift(1)
    db.session().flush()

    first = as_alice.get("/client/services").text

    assert "Plan 54" in first
    assert "Plan 04" not in first
    link = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    assert "Plan 04" in as_alice.get(link.replace("&amp;", "&")).text


@pytest.mark.parametrize("cursor", ["x", "%00", "AAAA"])
def test_an_altered_cursor_is_refused(as_alice, cursor):
    assert as_alice.get(f"/client/services?cursor={cursor}").status_code == 400


def test_another_tenants_service_is_not_counted(plans, alice, charlie, other_tenant):
    make_order(alice)
    db.session().flush()

    with tenancy.as_tenant(other_tenant.id):
        assert db.session().scalar(sa.select(sa.func.count()).select_from(Subscription)) == 0
    assert other_tenant.domain == OTHER_HOST
