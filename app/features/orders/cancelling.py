"""Orders that nobody pays: cancelled, with all that they hold given back."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from app.features.billing import voiding
from app.features.billing.events import InvoiceVoided
from app.features.billing.models import Invoice
from app.features.catalogue import service as catalogue
from app.features.orders.events import OrderCancelled
from app.features.orders.models import Order, OrderLine
from app.features.subscriptions import service as subscriptions
from app.features.subscriptions.models import Subscription
from app.kernel import clock, db
from app.kernel.errors import Conflict
from app.kernel.events import publish

PATIENCE = timedelta(days=14)
"""How long an order may wait for its payment (SPEC 2.3)."""
REASON = "Not paid within 14 days"
VOIDED = "Its invoice was made void"


class NotPending(Conflict):
    """It is paid or cancelled already: 409."""

    code, text = "not_pending", "Only an order that waits for its payment can be cancelled."


def cancel(order: Order, *, reason: str) -> None:
    """Wait for its payment no longer: the invoice is void, stock and promo code are given back, nothing begins.

    Locks, in this order: invoice, order, subscriptions, products, promo code.

    Raises:
        NotPending: it is paid or cancelled already.
        NotVoidable: something was paid of its invoice.
    """
    if order.status != "pending" or order.invoice_id is None:
        raise NotPending()
    invoice = voiding.lock_voidable(order.invoice_id)
    _let_go(order, reason)
    voiding.void(invoice.id)


def on_invoice_voided(event: InvoiceVoided) -> None:
    """Whoever makes the invoice of an order void cancels the order: nobody can pay for it any more."""
    waiting = sa.select(Order).where(Order.invoice_id == event.invoice_id, Order.status == "pending")
    for order in db.session().scalars(waiting).all():
        _let_go(order, VOIDED)


def _let_go(order: Order, reason: str) -> None:
    """Cancel it, whose invoice is locked, and give back what it holds."""
    usage_id = order.promo_code_usage_id
    gone = (
        sa.update(Order)
        .where(Order.id == order.id, Order.status == "pending")
        .values(status="cancelled", cancelled_at=clock.now(), promo_code_usage_id=None)
        .returning(Order.id)
        .execution_options(synchronize_session=False)
    )
    if db.session().execute(gone).first() is None:
        raise NotPending()
    db.session().refresh(order)
    _give_back(order, reason)
    if usage_id is not None:
        catalogue.give_back(usage_id)
    assert order.invoice_id is not None
    publish(OrderCancelled(order.id, order.customer_id, order.invoice_id, order.total_minor, order.currency, reason))


def end(subscription: Subscription, *, reason: str) -> None:
    """End a service now. One that never ran takes its order and invoice with it: nobody pays for what will not begin.

    Raises:
        Invalid: no reason is given; names `reason`.
        NotVoidable: something was paid of its invoice.
        WrongState: it has ended already.
    """
    unpaid = sa.select(Order).where(
        Order.status == "pending",
        Order.id.in_(sa.select(OrderLine.order_id).where(OrderLine.subscription_id == subscription.id)),
    )
    order = db.session().scalar(unpaid) if subscription.status == "pending" else None
    if order is None:
        subscriptions.end(subscription, reason=reason)
    else:
        cancel(order, reason=reason)


def _give_back(order: Order, reason: str) -> None:
    lines = (
        sa.select(OrderLine.product_id, Subscription)
        .join(Subscription, Subscription.id == OrderLine.subscription_id)
        .where(OrderLine.order_id == order.id)
        .order_by(OrderLine.product_id, OrderLine.position)
    )
    for product_id, subscription in db.session().execute(lines).all():
        if subscription.status == "pending":
            subscriptions.cancel_now(subscription, reason=reason)
        catalogue.return_stock(product_id)


def overdue(*, limit: int = 200) -> Sequence[UUID]:
    """Orders that were waited for long enough. What was paid in part is left to people. One query."""
    wanted = (
        sa.select(Order.id)
        .join(Invoice, Invoice.id == Order.invoice_id)
        .where(
            Order.status == "pending",
            Order.created_at <= clock.now() - PATIENCE,
            Invoice.status == "issued",
            Invoice.paid_minor == 0,
        )
        .order_by(Order.created_at, Order.id)
        .limit(limit)
    )
    return db.session().scalars(wanted).all()
