"""`/admin/orders`: every sale, for those who see money."""

import csv
import io

import openpyxl
import pytest

from app.features.audit.models import AuditLog
from app.features.orders import service
from app.kernel import db
from app.kernel.access import Role
from tests.orders.factories import customer_of, make_order
from tests.provisioning.factories import paid_event
from tests.support.cast import make_staff


def test_a_house_without_orders_says_what_will_stand_here(as_sam):
    assert "No orders yet" in as_sam.get("/admin/orders").text


def test_the_list_shows_what_was_sold_to_whom(plans, as_sam, alice, bob, queries):
    placed = make_order(alice)
    make_order(bob, plan="shared-business", cycle="monthly")

    with queries(max=8):
        text = as_sam.get("/admin/orders").text

    assert f"/admin/orders/{placed.order.id}" in text
    assert "Starter, 1 year" in text
    assert "Waiting for payment" in text
    assert "USD 49.90" in text


@pytest.mark.both_stores
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=MP-2026-000002", ["MP-2026-000002"]),
        ("q=calder", ["MP-2026-000002"]),
        ("status=completed", ["MP-2026-000001"]),
        ("sort=amount", ["MP-2026-000001", "MP-2026-000002"]),
        ("from=2026-11-20&to=2026-11-20", ["MP-2026-000002", "MP-2026-000001"]),
        ("from=2026-11-21", []),
        ("status=nonsense&from=never", ["MP-2026-000002", "MP-2026-000001"]),
    ],
)
def test_orders_are_found_by_number_customer_status_and_day(plans, as_sam, alice, bob, now, query, found):
    service.complete(make_order(alice).order)
    now.shift(60)
    make_order(bob, cycle="monthly")
    db.session().flush()

    text = as_sam.get(f"/admin/orders?{query}").text

    shown = sorted((text.find(number), number) for number in ("MP-2026-000001", "MP-2026-000002") if number in text)
    assert [number for place, number in shown if f"{number}</a>" in text] == found


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_holds_the_list_and_no_formula(plans, as_sam, alice, kind):
    make_order(alice)
    customer_of(alice).company = "=1+1"

    answer = as_sam.post("/admin/orders/export", data={"as": kind})

    assert answer.status_code == 200
    if kind == "csv":
        (row,) = csv.DictReader(io.StringIO(answer.text))
        assert (row["number"], row["total"], row["currency"]) == ("MP-2026-000001", "49.90", "USD")
        assert row["company"] == "'=1+1"
    else:
        cells = list(openpyxl.load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))
        assert cells[1][1] == "MP-2026-000001"
        assert float(cells[1][8]) == 49.9
    assert db.session().query(AuditLog).filter_by(action="DATA_EXPORTED").count() == 1


def test_one_order_shows_all_that_belongs_to_it(plans, as_sam, alice, queries):
    placed = make_order(alice, promo_code="WELCOME20")
    service.on_invoice_paid(paid_event(placed))
    db.session().flush()

    with queries(max=12):
        text = as_sam.get(f"/admin/orders/{placed.order.id}").text

    for said in ("Order MP-2026-000001", "Starter, 1 year", "WELCOME20", "Setting up", "Order completed", "Alice"):
        assert said in text
    assert f"/admin/subscriptions/{placed.subscription.id}" in text
    assert f"/admin/billing/{placed.invoice.id}" in text


def test_orders_are_not_for_those_who_see_no_money(plans, sign_in, alice):
    placed = make_order(alice)
    mia = sign_in(make_staff("mia@harbourline.example", "Mia", Role.MEMBER))

    for address in ("/admin/orders", f"/admin/orders/{placed.order.id}"):
        assert mia.get(address).status_code == 403
    assert mia.post("/admin/orders/export", data={"as": "csv"}).status_code == 403


def test_a_stranger_sees_no_order(plans, as_alice, as_charlie, client, alice, charlie, sign_in, other_tenant):
    placed = make_order(alice)
    address = f"/admin/orders/{placed.order.id}"

    assert as_alice.get(address).status_code == 403
    assert as_charlie.get(address).status_code == 403
    assert client.get(address).location.startswith("/admin/sign-in")
