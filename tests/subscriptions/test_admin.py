"""`/admin/subscriptions`: the list of everything that customers rent."""

import csv
import io

import pytest

from app.features.subscriptions import service
from app.kernel import db
from app.kernel.access import Role
from tests.orders.factories import make_order
from tests.support.cast import make_staff


def test_a_house_without_subscriptions_says_what_will_stand_here(as_sam):
    assert "No subscriptions yet" in as_sam.get("/admin/subscriptions").text


@pytest.mark.both_stores
@pytest.mark.parametrize(
    ("query", "plans_found"),
    [
        ("", {"Starter", "Business"}),
        ("state=setting-up", {"Starter"}),
        ("state=pending", {"Business"}),
        ("state=ending", {"Starter"}),
        ("state=terminated", set()),
        ("state=nonsense", {"Starter", "Business"}),
        ("q=calder", {"Business"}),
        ("q=%00", {"Starter", "Business"}),
    ],
)
def test_subscriptions_are_found_by_state_and_customer(plans, as_sam, alice, bob, query, plans_found, queries):
    mine, theirs = make_order(alice).subscription, make_order(bob, plan="shared-business").subscription
    service.activate(mine)
    service.cancel(mine, reason="Too dear")
    db.session().flush()

    with queries(max=10):
        text = as_sam.get(f"/admin/subscriptions?{query}").text

    shown = {one.plan_name for one in (mine, theirs) if f"/admin/subscriptions/{one.id}" in text}
    assert shown == plans_found


def test_prices_are_for_those_who_see_money(plans, as_sam, sign_in, alice):
    make_order(alice)
    viewer = sign_in(make_staff("vic@harbourline.example", "Vic", Role.VIEWER))

    assert "USD 49.90 a year" in as_sam.get("/admin/subscriptions").text
    assert "USD" not in viewer.get("/admin/subscriptions").text
    assert viewer.post("/admin/subscriptions/export", data={"as": "csv"}).status_code == 403


def test_an_export_holds_the_list(plans, as_sam, alice):
    make_order(alice)

    (row,) = csv.DictReader(io.StringIO(as_sam.post("/admin/subscriptions/export", data={"as": "csv"}).text))

    assert (row["plan"], row["price"], row["currency"], row["status"]) == ("Starter", "49.90", "USD", "pending")


def test_a_stranger_sees_no_list(plans, as_alice, as_charlie, client, alice, other_tenant):
    make_order(alice)

    assert as_alice.get("/admin/subscriptions").status_code == 403
    assert as_charlie.get("/admin/subscriptions").status_code == 403
    assert client.get("/admin/subscriptions").location.startswith("/admin/sign-in")
