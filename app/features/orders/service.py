"""Selling: order, invoice, subscription and news of it, in one transaction."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import merged
from app.features.accounts.events import CustomerSignedUp
from app.features.accounts.models import Customer, User
from app.features.billing import service as billing
from app.features.billing.events import InvoicePaid
from app.features.billing.models import Invoice
from app.features.billing.service import Discount, LineDraft
from app.features.catalogue import service as catalogue
from app.features.catalogue.cycles import SPANS
from app.features.catalogue.models import Price, Product, PromoCode, PromoCodeUsage
from app.features.catalogue.service import Redemption
from app.features.orders.events import CustomerCreated, OrderCompleted, OrderCreated
from app.features.orders.models import Order, OrderLine
from app.features.subscriptions import service as subscriptions
from app.features.subscriptions.models import Subscription
from app.kernel import clock, db
from app.kernel.access import Principal, Role
from app.kernel.errors import NotFound
from app.kernel.events import publish
from app.kernel.money import Money


@dataclass(frozen=True)
class Placed:
    """What one sale made."""

    order: Order
    subscription: Subscription
    invoice: Invoice


@dataclass(frozen=True)
class Bought:
    """One line of an order with what it started."""

    line: OrderLine
    subscription: Subscription


@dataclass(frozen=True)
class Sale:
    """An order with all that belongs to it."""

    order: Order
    customer: Customer
    invoice: Invoice | None
    promo_code: str
    bought: list[Bought]


def sell_to_new_customer(
    *, customer: Customer, user: User, product: Product, price: Price, promo_code: str | None = None
) -> Placed:
    """`place` for somebody who was registered in this transaction; tells that there is a new customer.

    Raises:
        Invalid, SoldOut: as `place`.
    """
    placed = place(customer=customer, user_id=user.id, product=product, price=price, promo_code=promo_code)
    publish(
        CustomerCreated(customer.id, customer.email, product.slug, customer.marketing_source, customer.utm_campaign)
    )
    return placed


def on_signed_up(event: CustomerSignedUp) -> None:
    """Tell that there is a new customer, who has bought nothing yet."""
    publish(CustomerCreated(event.customer_id, event.email, "", event.marketing_source, ""))


def place(
    *,
    customer: Customer,
    product: Product,
    price: Price,
    promo_code: str | None = None,
    user_id: UUID | None = None,
) -> Placed:
    """Sell one plan: takes stock and promo code, issues the invoice, starts the subscription.

    An order of which nothing is left to pay is complete at once, its invoice
    paid and its subscription active. Locks, in this order: product, promo code,
    number series.

    Raises:
        Invalid: the promo code cannot be used; names `promoCode`.
        SoldOut: none of the product is left; names `planId`.
        Merged: the customer was merged into another one meanwhile.
    """
    merged.hold(customer.id)
    lines = invoice_lines(product, price)
    catalogue.take_stock(product)
    subtotal = Money(billing.preview(lines).subtotal_minor, price.currency)
    used = _redeem(promo_code, customer.id, product, price, subtotal)
    invoice = billing.draft(
        customer=customer,
        lines=lines,
        currency=price.currency,
        discount=Discount(used.discount, used.reason) if used else None,
    )
    subscription = subscriptions.start(customer=customer, product=product, price=price, first_invoice=invoice)
    order = _write(customer, user_id, invoice, used)
    db.session().add(_line(order, product, price, subscription, lines[0].description))
    publish(
        OrderCreated(
            order.id, customer.id, invoice.id, product.slug, price.cycle, used.code if used else None,
            order.total_minor, order.currency,
        )
    )  # fmt: skip
    billing.issue_draft(invoice)
    order.number = invoice.number or ""
    db.session().flush()
    if invoice.status == "paid":
        complete(order)
    return Placed(order, subscription, invoice)


def invoice_lines(product: Product, price: Price) -> list[LineDraft]:
    """What an order of this plan puts on its invoice: the first cycle, and the set-up fee if there is one."""
    lines = [
        LineDraft(
            f"{product.name}, {SPANS[price.cycle]}", price.amount_minor, product.description, product_id=product.id
        )
    ]
    if price.setup_minor:
        lines.append(LineDraft(f"Set-up of {product.name}", price.setup_minor, product_id=product.id))
    return lines


def _redeem(
    promo_code: str | None, customer_id: UUID, product: Product, price: Price, subtotal: Money
) -> Redemption | None:
    if promo_code is None or not promo_code.strip():
        return None
    return catalogue.redeem(promo_code, customer_id=customer_id, product=product, cycle=price.cycle, subtotal=subtotal)


def _write(customer: Customer, user_id: UUID | None, invoice: Invoice, used: Redemption | None) -> Order:
    order = Order(
        customer_id=customer.id,
        placed_by=user_id,
        invoice_id=invoice.id,
        promo_code_usage_id=used.usage_id if used else None,
        currency=invoice.currency,
        total_minor=invoice.total_minor,
    )
    db.session().add(order)
    db.session().flush()
    return order


def _line(order: Order, product: Product, price: Price, subscription: Subscription, description: str) -> OrderLine:
    return OrderLine(
        order_id=order.id,
        position=1,
        product_id=product.id,
        subscription_id=subscription.id,
        description=description,
        cycle=price.cycle,
        price_minor=price.amount_minor,
        setup_minor=price.setup_minor,
    )


def on_invoice_paid(event: InvoicePaid) -> None:
    """Complete what was ordered by this invoice, if anything was. Told again, nothing happens again."""
    bought = db.session().scalars(sa.select(Order).where(Order.invoice_id == event.invoice_id))
    for order in bought.all():
        complete(order)


def complete(order: Order) -> bool:
    """Nothing is left to pay of it: what was bought begins. False, and nothing, when it is not pending."""
    done = (
        sa.update(Order)
        .where(Order.id == order.id, Order.status == "pending")
        .values(status="completed", completed_at=clock.now())
        .returning(Order.id)
        .execution_options(synchronize_session=False)
    )
    is_done = db.session().execute(done).first() is not None
    db.session().refresh(order)
    if not is_done:
        return False
    assert order.invoice_id is not None
    publish(OrderCompleted(order.id, order.customer_id, order.invoice_id, order.total_minor, order.currency))
    bought = (
        sa.select(Subscription)
        .join(OrderLine, OrderLine.subscription_id == Subscription.id)
        .where(OrderLine.order_id == order.id)
        .order_by(OrderLine.position)
    )
    for subscription in db.session().scalars(bought).all():
        subscriptions.activate(subscription)
    return True


def find(principal: Principal, order_id: UUID) -> Order:
    """The order, for staff from BILLING up and the BILLING people of its own customer.

    Raises:
        NotFound: there is none, it is somebody else's, or the role sees no money.
    """
    order = db.session().scalar(sa.select(Order).where(Order.id == order_id))
    role = principal.staff_role or principal.customer_role or 0
    if order is None or role < Role.BILLING:
        raise NotFound()
    if not principal.is_staff and principal.customer_id != order.customer_id:
        raise NotFound()
    return order


def find_sale(principal: Principal, order_id: UUID) -> Sale:
    """The order with all that belongs to it. Three queries.

    Raises:
        NotFound: as `find`.
    """
    order = find(principal, order_id)
    asked = (
        sa.select(Customer, Invoice, PromoCode.code)
        .select_from(Order)
        .join(Customer, Customer.id == Order.customer_id)
        .outerjoin(Invoice, Invoice.id == Order.invoice_id)
        .outerjoin(PromoCodeUsage, PromoCodeUsage.id == Order.promo_code_usage_id)
        .outerjoin(PromoCode, PromoCode.id == PromoCodeUsage.promo_code_id)
        .where(Order.id == order_id)
    )
    customer, invoice, code = db.session().execute(asked).one()
    lines = (
        sa.select(OrderLine, Subscription)
        .join(Subscription, Subscription.id == OrderLine.subscription_id)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
    )
    bought = [Bought(line, subscription) for line, subscription in db.session().execute(lines)]
    return Sale(order, customer, invoice, code or "", bought)
