"""`/admin/orders`: every sale, what it was, and what became of it."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from flask import redirect, request
from flask.typing import ResponseReturnValue

from app.features.accounts.histories import history_of
from app.features.accounts.slots import names_of
from app.features.audit import exporting
from app.features.billing import slots as billing
from app.features.billing import voiding
from app.features.billing.slots import InvoiceCard
from app.features.catalogue.cycles import PER
from app.features.orders import cancelling, service, slots
from app.features.orders.listing import ORDERS, Line
from app.features.orders.models import Order
from app.features.orders.service import Bought, Sale
from app.features.subscriptions import slots as subscriptions
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.exports import Cell
from app.kernel.listed import listed
from app.kernel.money import Money
from app.kernel.pages import PageRoutes, is_at_least, page, principal, toast

HERE = ORDERS.here
EXPORT_HEAD = ("id", "number", "status", "customer id", "company", "name", "email", "what", "total", "currency",
               "ordered", "completed")  # fmt: skip
STATES = (("", "Any"), *((name, state) for name, (_tone, state) in slots.STATES.items()))

routes = PageRoutes("orders_admin", prefix=HERE)


@routes.get("")
@requires(staff=Role.BILLING)
def index() -> ResponseReturnValue:
    """All orders, the newest first."""
    asked = ORDERS.read(request.args, zone=tenants.current().time_zone)
    return listed(
        "orders/admin/index.html",
        ORDERS,
        asked,
        _rows,
        one="order",
        crumbs=[("Orders", None)],
        states=STATES,
    )


def _rows(found: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for line in found:
        tone, state = slots.STATES[line.status]
        total = Money(line.total_minor, line.currency).plain
        when, exact = words.ago(line.created_at, zone), words.exact(line.created_at, zone)
        yield f"{HERE}/{line.id}", line.number, line.what, line.company or line.name, tone, state, total, when, exact


@routes.post("/export")
@requires(staff=Role.BILLING, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """What the list shows, whole, as CSV or XLSX. Logged; read in short reads while it is sent."""
    return exporting.export(
        ORDERS, EXPORT_HEAD, _cells, request.form, resource_type="order", zone=tenants.current().time_zone
    )


def _cells(line: Line) -> tuple[Cell, ...]:
    """In the order of `EXPORT_HEAD`."""
    total = Money(line.total_minor, line.currency).major
    return (
        str(line.id), line.number, line.status, str(line.customer_id), line.company, line.name, line.email, line.what,
        total, line.currency, line.created_at, line.completed_at,
    )  # fmt: skip


@routes.get("/<uuid:order_id>")
@requires(staff=Role.BILLING)
def show(order_id: UUID) -> ResponseReturnValue:
    """One order: what was bought, its invoice, what it started, what happened."""
    sale = service.find_sale(principal(), order_id)
    order, zone = sale.order, tenants.current().time_zone
    tone, state = slots.STATES[order.status]
    return page(
        "orders/admin/show.html",
        crumbs=[("Orders", HERE), (order.number or "Order", None)],
        title=f"Order {order.number}".strip(),
        tone=tone,
        state=state,
        lede=f"{order.total.plain} · {sale.customer.title} · {words.day(order.created_at, zone)}",
        customer_href=f"/admin/customers/{order.customer_id}",
        bought=[_bought(line, order.currency) for line in sale.bought],
        invoice=_invoice(billing.card(sale.invoice)) if sale.invoice is not None else None,
        facts=_facts(order, sale.promo_code, zone),
        order_id=order.id,
        may_cancel=_may_cancel(sale),
        history=history_of(
            {
                "order": [order.id],
                "subscription": [line.subscription.id for line in sale.bought],
                "invoice": [sale.invoice.id] if sale.invoice is not None else [],
            },
            zone=zone,
        ),
    )


def _may_cancel(sale: Sale) -> bool:
    is_unpaid = sale.invoice is not None and voiding.is_voidable(sale.invoice)
    return sale.order.status == "pending" and is_unpaid and is_at_least(Role.ADMIN)


@routes.post("/<uuid:order_id>/cancellation")
@requires(staff=Role.ADMIN)
def create_cancellation(order_id: UUID) -> ResponseReturnValue:
    """Wait for its payment no longer."""
    order = service.find(principal(), order_id)
    cancelling.cancel(order, reason="Cancelled by staff")
    toast("good", "Cancelled. Its invoice is void; stock and promo code are given back.")
    return redirect(f"{HERE}/{order_id}", 303)


def _bought(line: Bought, currency: str) -> tuple[str, ...]:
    tone, state = subscriptions.state_of(line.subscription)
    price = Money(line.line.price_minor, currency).plain
    setup = f" · set-up {Money(line.line.setup_minor, currency).plain}" if line.line.setup_minor else ""
    return (
        f"/admin/subscriptions/{line.subscription.id}",
        line.line.description,
        f"{price} {PER[line.line.cycle]}{setup}",
        tone,
        state,
        subscriptions.set_up_words(line.subscription),
    )


def _invoice(card: InvoiceCard) -> dict[str, str]:
    return {
        "number": card.number,
        "href": f"/admin/billing/{card.invoice_id}",
        "tone": card.tone,
        "state": card.state,
        "total": card.total.plain,
    }


def _facts(order: Order, promo_code: str, zone: str) -> list[tuple[str, str]]:
    ordered_by = names_of({order.placed_by}).get(order.placed_by, "") if order.placed_by else ""
    return [
        ("Ordered", words.exact(order.created_at, zone)),
        ("For", ordered_by),
        ("Promo code", promo_code),
        ("Paid", words.exact(order.completed_at, zone) if order.completed_at else ""),
        *([("Cancelled", words.exact(order.cancelled_at, zone))] if order.cancelled_at else []),
    ]
