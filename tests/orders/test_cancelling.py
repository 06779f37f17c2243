"""An order that nobody pays is cancelled after 14 days and gives everything back."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.billing import ledger, settlement
from app.features.billing.voiding import NotVoidable
from app.features.catalogue.models import PromoCode, PromoCodeUsage
from app.features.orders import cancelling, service, tasks
from app.features.orders.cancelling import NotPending
from app.kernel import clock, db
from app.kernel.access import Role
from app.kernel.errors import Invalid
from app.kernel.money import Money
from tests.catalogue.factories import make_price, make_product, make_promo_code
from tests.orders.factories import customer_of, make_order
from tests.provisioning.factories import jobs_of, paid_event
from tests.support.cast import make_staff

pytestmark = pytest.mark.both_stores


def told(action):
    return db.session().scalar(sa.select(sa.func.count()).where(AuditLog.action == action))


def test_an_order_is_waited_for_14_days_and_not_a_second_longer(plans, alice, now):
    placed = make_order(alice)
    now.shift(timedelta(days=14) - timedelta(seconds=1))
    tasks.cancel_unpaid()
    db.session().refresh(placed.order)
    assert placed.order.status == "pending"

    now.shift(1)
    for _ in range(2):
        tasks.cancel_unpaid()

    for row in (placed.order, placed.invoice, placed.subscription):
        db.session().refresh(row)
    assert (placed.order.status, placed.order.cancelled_at) == ("cancelled", clock.now())
    assert (placed.invoice.status, placed.invoice.voided_at) == ("void", clock.now())
    assert (placed.subscription.status, placed.subscription.ending_reason) == ("cancelled", "Not paid within 14 days")
    assert told("ORDER_CANCELLED") == told("INVOICE_VOIDED") == told("SUBSCRIPTION_CANCELLED") == 1
    assert ledger.check() == []


def test_stock_and_promo_code_are_given_back(tenant, alice):
    product = make_product(stock=1)
    code = make_promo_code(maximum_uses=1, maximum_per_customer=1)
    placed = service.place(
        customer=customer_of(alice), product=product, price=make_price(product), promo_code=code.code
    )
    db.session().refresh(code)
    assert (product.stock, code.uses) == (0, 1)

    cancelling.cancel(placed.order, reason="Never mind")

    db.session().refresh(product)
    db.session().refresh(code)
    assert (product.stock, code.uses, placed.order.promo_code_usage_id) == (1, 0, None)
    again = service.place(
        customer=customer_of(alice), product=product, price=make_price(product, cycle="monthly"), promo_code=code.code
    )
    assert again.invoice.discount_minor > 0


def test_a_use_given_back_leaves_the_others_counted(plans, alice):
    code = make_promo_code("TWICE", percent=10, maximum_per_customer=2)
    first, _second = make_order(alice, promo_code="TWICE"), make_order(alice, promo_code="TWICE")

    cancelling.cancel(first.order, reason="Never mind")
    make_order(alice, promo_code="TWICE")
    with pytest.raises(Invalid):
        make_order(alice, promo_code="TWICE")

    assert sorted(db.session().scalars(sa.select(PromoCodeUsage.nth))) == [1, 2]
    assert db.session().scalar(sa.select(PromoCode.uses).where(PromoCode.id == code.id)) == 2


def test_what_was_paid_in_part_is_left_to_people(plans, alice, now):
    placed = make_order(alice)
    settlement.settle(placed.invoice.id, Money(100, "USD"), memo="bank")
    now.shift(timedelta(days=30))

    tasks.cancel_unpaid()

    db.session().refresh(placed.order)
    assert placed.order.status == "pending"
    with pytest.raises(NotVoidable):
        cancelling.cancel(placed.order, reason="Never mind")


def test_what_is_paid_or_cancelled_is_not_cancelled(plans, alice, bob):
    paid, gone = make_order(alice), make_order(bob)
    service.on_invoice_paid(paid_event(paid))
    cancelling.cancel(gone.order, reason="Never mind")

    for order in (paid.order, gone.order):
        with pytest.raises(NotPending):
            cancelling.cancel(order, reason="Never mind")


def test_news_of_a_payment_that_comes_too_late_starts_nothing(plans, alice):
    placed = make_order(alice)
    cancelling.cancel(placed.order, reason="Never mind")

    service.on_invoice_paid(paid_event(placed))

    assert (placed.order.status, placed.subscription.status) == ("cancelled", "cancelled")
    assert jobs_of(placed.subscription) == []


def test_admins_cancel_an_order_by_hand_and_others_do_not(plans, as_sam, sign_in, as_charlie, alice, other_tenant):
    placed = make_order(alice)
    address = f"/admin/orders/{placed.order.id}"
    clerk = sign_in(make_staff("bill@harbourline.example", "Bill", Role.BILLING))
    assert clerk.post(f"{address}/cancellation").status_code == 403
    assert "Cancel the order" not in clerk.get(address).text
    assert as_charlie.post(f"{address}/cancellation").status_code == 403

    assert "Cancel the order" in as_sam.get(address).text
    as_sam.post(f"{address}/cancellation")

    assert placed.order.status == "cancelled"
    assert as_sam.post(f"{address}/cancellation").status_code == 409
    text = as_sam.get(address).text
    assert "Void" in text
    assert "Cancel the order" not in text
