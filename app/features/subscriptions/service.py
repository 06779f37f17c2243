"""Starting and finding subscriptions; what becomes of them is in `lifecycle`."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.billing.models import Invoice
from app.features.catalogue.models import Price, Product
from app.features.subscriptions import own
from app.features.subscriptions.events import SubscriptionCreated
from app.features.subscriptions.lifecycle import (
    LONGEST_REASON,
    ONCE,
    WrongState,
    activate,
    cancel,
    cancel_now,
    end,
    end_due,
    keep,
    note_set_up,
    resume,
    suspend,
    switch_plan,
    terminate,
)
from app.features.subscriptions.models import Subscription
from app.kernel import db
from app.kernel.access import Principal
from app.kernel.errors import NotFound
from app.kernel.events import publish
from app.kernel.paging import Page

__all__ = [
    "LONGEST_REASON", "ONCE", "Service", "WrongState", "activate", "cancel", "cancel_now", "end", "end_due", "find",
    "keep", "list_for_customer", "note_set_up", "resume", "start", "suspend", "switch_plan", "terminate",
]  # fmt: skip


@dataclass(frozen=True)
class Service:
    """A subscription with its product and what was first asked for it."""

    subscription: Subscription
    product: Product
    first_invoice: Invoice | None


def start(*, customer: Customer, product: Product, price: Price, first_invoice: Invoice | None = None) -> Subscription:
    """Note that a customer wants a plan, pending until it is paid for.

    Its period begins with `activate`. What is paid once never renews.
    """
    subscription = Subscription(
        customer_id=customer.id,
        product_id=product.id,
        first_invoice_id=first_invoice.id if first_invoice else None,
        plan_name=product.name,
        cycle=price.cycle,
        price_minor=price.amount_minor,
        currency=price.currency,
        auto_renew=price.cycle != ONCE,
    )
    db.session().add(subscription)
    db.session().flush()
    publish(
        SubscriptionCreated(
            subscription.id,
            customer.id,
            product.id,
            product.slug,
            price.cycle,
            price.amount_minor,
            price.currency,
        )
    )
    return subscription


def find(principal: Principal, subscription_id: UUID) -> Service:
    """The subscription with its product and first invoice. One query.

    Staff and the site's keys see every one, a customer's people their own account's.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    row = (
        db.session()
        .execute(
            sa.select(Subscription, Product, Invoice)
            .join(Product, Product.id == Subscription.product_id)
            .outerjoin(Invoice, Invoice.id == Subscription.first_invoice_id)
            .where(Subscription.id == subscription_id)
        )
        .one_or_none()
    )
    if row is None:
        raise NotFound()
    subscription, product, first_invoice = row
    may_see = principal.is_staff or principal.key_id or principal.customer_id == subscription.customer_id
    if not may_see:
        raise NotFound()
    return Service(subscription, product, first_invoice)


def list_for_customer(
    customer_id: UUID, *, status: str | None = None, cursor: str | None = None, limit: int = 25
) -> Page[own.Line]:
    """One page of what a customer has, newest first. One query."""
    asked = own.SERVICES.read({"state": status or "", "cursor": cursor or ""})
    return own.SERVICES.page(asked, of=customer_id, limit=limit)
