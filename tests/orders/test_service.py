"""A sale is one piece: order, invoice, subscription, stock, promo code and the news of it."""

import pytest
import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.audit.models import AuditLog
from app.features.billing import ledger
from app.features.billing.models import Invoice
from app.features.catalogue.models import Product, PromoCode
from app.features.catalogue.service import SoldOut
from app.features.orders import service, slots
from app.features.orders.models import OrderLine
from app.features.subscriptions.models import Subscription
from app.kernel import clock, db
from app.kernel.access import Role
from app.kernel.errors import Invalid, NotFound
from tests.catalogue.factories import make_price, make_product, make_promo_code
from tests.orders.factories import customer_of, make_order
from tests.support.cast import principal_of


def count(model):
    return db.session().scalar(sa.select(sa.func.count()).select_from(model))


def actions():
    """What the audit log holds, oldest first."""
    return list(db.session().scalars(sa.select(AuditLog.action).order_by(AuditLog.id)))


def test_a_year_of_starter_with_welcome20_costs_39_92(plans, alice):
    placed = make_order(alice, promo_code="WELCOME20")

    assert placed.invoice.total.plain == "USD 39.92"
    assert (placed.invoice.subtotal_minor, placed.invoice.discount_minor) == (4990, 998)
    assert placed.invoice.discount_reason == "WELCOME20, 20 %"
    assert (placed.order.status, placed.order.invoice_id) == ("pending", placed.invoice.id)
    assert (placed.subscription.status, placed.subscription.price_minor) == ("pending", 4990)
    assert placed.subscription.first_invoice_id == placed.invoice.id
    assert ledger.check() == []


def test_the_news_of_a_sale_is_told_in_order(plans, alice):
    before = len(actions())

    make_order(alice)

    assert actions()[before:] == ["INVOICE_CREATED", "SUBSCRIPTION_CREATED", "ORDER_CREATED", "INVOICE_ISSUED"]


def test_a_first_sale_tells_of_a_new_customer(plans, alice):
    customer = customer_of(alice)
    product = db.session().scalars(sa.select(Product).where(Product.slug == "shared-starter")).one()
    price = make_price(product, cycle="oneTime", minor=100)

    service.sell_to_new_customer(customer=customer, user=alice, product=product, price=price)

    row = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "CUSTOMER_CREATED")).one()
    assert row.resource_id == customer.id
    assert customer.email not in str(row.state_after)


def test_what_is_free_is_complete_at_once_and_begins(plans, alice):
    make_promo_code("GIFT", percent=100)

    placed = make_order(alice, promo_code="gift")

    assert (placed.invoice.status, placed.invoice.total_minor) == ("paid", 0)
    assert (placed.order.status, placed.order.completed_at) == ("completed", clock.now())
    assert placed.subscription.status == "active"
    assert actions()[-5:] == [
        "ORDER_CREATED", "INVOICE_ISSUED", "INVOICE_PAID", "ORDER_COMPLETED", "SUBSCRIPTION_ACTIVATED",
    ]  # fmt: skip


def test_a_set_up_fee_is_a_line_of_its_own_and_shares_the_discount(tenant, alice):
    product = make_product()
    price = make_price(product, minor=1000, setup=500)
    make_promo_code(percent=10)

    placed = service.place(customer=customer_of(alice), product=product, price=price, promo_code="save")

    assert (placed.invoice.subtotal_minor, placed.invoice.discount_minor) == (1500, 150)
    assert placed.subscription.price_minor == 1000


def test_what_is_paid_once_does_not_renew(tenant, alice):
    product = make_product()

    placed = service.place(customer=customer_of(alice), product=product, price=make_price(product, cycle="oneTime"))

    assert not placed.subscription.auto_renew


@pytest.mark.parametrize("promo_code", ["NOPE", "x" * 500])
def test_a_refused_sale_leaves_nothing_behind(plans, alice, promo_code):
    nested = db.session().begin_nested()
    with pytest.raises(Invalid) as refused:
        make_order(alice, promo_code=promo_code)
    nested.rollback()

    assert list(refused.value.fields) == ["promoCode"]
    assert (count(Invoice), count(Subscription), count(OrderLine)) == (0, 0, 0)


def test_the_last_one_is_sold_once(tenant, alice, bob):
    product = make_product(stock=1)
    price = make_price(product)

    service.place(customer=customer_of(alice), product=product, price=price)
    with pytest.raises(SoldOut):
        service.place(customer=customer_of(bob), product=product, price=price)


@pytest.mark.parametrize("promo_code", [None, "", "   "])
def test_no_code_is_no_discount(plans, alice, promo_code):
    assert make_order(alice, promo_code=promo_code).invoice.discount_minor == 0
    assert db.session().scalar(sa.select(PromoCode.uses)) == 0


def test_an_order_is_for_its_own_customer_and_for_those_who_see_money(plans, alice, bob, sam):
    order = make_order(alice).order

    assert service.find(principal_of(alice), order.id) is order
    assert service.find(principal_of(sam), order.id) is order
    with pytest.raises(NotFound):
        service.find(principal_of(bob), order.id)
    alice.customer_role = 2
    with pytest.raises(NotFound):
        service.find(principal_of(alice), order.id)


def test_the_newest_orders_take_one_query(plans, alice, bob, queries, now):
    for person in (alice, bob, alice):
        make_order(person)
        now.shift(60)
    db.session().flush()

    with queries(max=1):
        cards = slots.recent_orders(limit=2)
    assert [card.number for card in cards] == ["MP-2026-000003", "MP-2026-000002"]
    assert cards[0].what == "Starter, 1 year"
    assert len(slots.recent_orders(customer_id=bob.customer_id)) == 1


def test_a_sale_takes_few_statements(plans, alice, queries):
    customer_of(alice)
    db.session().flush()

    with queries(max=36):
        make_order(alice, promo_code="WELCOME20")


def test_the_person_who_ordered_is_kept(plans, alice):
    placed = make_order(alice)

    assert db.session().get(User, placed.order.placed_by) is alice


def test_an_order_is_found_by_the_number_of_its_invoice(plans, alice, bob, queries):
    placed = make_order(alice)
    make_order(bob)

    with queries(max=1):
        hits = slots.search("mp-2026-000001", role=Role.BILLING)

    assert [(hit.label, hit.href) for hit in hits] == [("MP-2026-000001", f"/admin/orders/{placed.order.id}")]
    assert slots.search("MP", role=Role.MEMBER) == []
    assert slots.search("\0", role=Role.OWNER) == []
