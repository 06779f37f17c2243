"""The lists of payments and of what providers told us."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from app.features.accounts.models import Customer
from app.features.billing.models import Invoice
from app.features.payments.models import GATEWAYS, STATUSES, Payment, PaymentCallback
from app.kernel.lists import Begins, Exact, Join, Listing, Search, Since, Sort, Until, Words


class Line(NamedTuple):
    """One payment in the list."""

    id: UUID
    reference: str
    gateway: str
    status: str
    customer_id: UUID
    company: str
    name: str
    email: str
    invoice_id: UUID
    number: str
    currency: str
    amount_minor: int
    credited_minor: int
    refunded_minor: int
    received_at: datetime
    created_at: datetime


_OF = {"company": Customer, "name": Customer, "email": Customer, "number": Invoice}

PAYMENTS = Listing(
    name="payments",
    here="/admin/payments",
    model=Payment,
    columns=tuple(getattr(_OF.get(name, Payment), name) for name in Line._fields),
    row=Line,
    joins=(Join(Customer, Customer.id == Payment.customer_id), Join(Invoice, Invoice.id == Payment.invoice_id)),
    filters=(
        Exact("status", Payment.status, STATUSES),
        Exact("gateway", Payment.gateway, GATEWAYS),
        Since("from", Payment.created_at),
        Until("to", Payment.created_at),
    ),
    search=Search("q", Begins(Payment.reference, fold=str), Words("customer", Payment.customer_id)),
    sorts={
        "newest": Sort("Newest first", Payment.created_at, is_falling=True),
        "oldest": Sort("Oldest first", Payment.created_at),
        "amount": Sort("Largest first", Payment.amount_minor, is_falling=True),
    },
)


class Told(NamedTuple):
    """One callback in the list."""

    id: UUID
    kind: str
    invoice: str
    amount: str
    currency: str
    reference: str
    state: str
    reason: str
    created_at: datetime


CALLBACK_STATES = ("flagged", "waiting", "done", "settled", "stored")

CALLBACKS = Listing(
    name="payment_callbacks",
    here="/admin/payments/callbacks",
    model=PaymentCallback,
    columns=tuple(getattr(PaymentCallback, name) for name in Told._fields),
    row=Told,
    filters=(Exact("state", PaymentCallback.state, CALLBACK_STATES),),
    sorts={"newest": Sort("Newest first", PaymentCallback.created_at, is_falling=True)},
)
