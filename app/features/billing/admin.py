"""`/admin/billing`: every invoice, what it says and why, what paid it, and how it is booked."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from flask import redirect, request
from flask.typing import ResponseReturnValue

from app.features.accounts import service as accounts
from app.features.accounts.histories import history_of
from app.features.audit import exporting
from app.features.billing import ledger, lines, listing, service, slots, voiding
from app.features.billing.amounts import ROUNDING
from app.features.billing.ledger import Movement
from app.features.billing.listing import INVOICES, Line
from app.features.billing.models import Invoice, InvoiceLine
from app.features.tenants import service as tenants
from app.kernel import clock, words
from app.kernel.access import Role, requires
from app.kernel.exports import Cell
from app.kernel.listed import listed
from app.kernel.money import Money
from app.kernel.pages import PageRoutes, is_at_least, page, principal, toast

HERE = INVOICES.here
STATES = (("", "Any"), ("issued", "To pay"), ("paid", "Paid"), ("void", "Void"), ("refunded", "Refunded"))
OVERDUE = (("", "Any"), ("1", "Overdue"))
EXPORT_HEAD = ("id", "number", "status", "customer id", "company", "name", "email", "currency", "subtotal", "discount",
               "tax", "total", "paid", "issued", "due", "paid at")  # fmt: skip
ACCOUNTS = {
    "receivable": "Receivable",
    "revenue": "Revenue",
    "discounts": "Discounts",
    "tax": "Tax owed",
    "cash": "Cash",
    "credit": "Account credit",
    "refunds": "Refunds",
}

routes = PageRoutes("billing_admin", prefix=HERE)


@routes.get("")
@requires(staff=Role.BILLING)
def index() -> ResponseReturnValue:
    """All invoices, the newest first."""
    asked = INVOICES.read(request.args, zone=tenants.current().time_zone)
    return listed(
        "billing/admin/index.html",
        INVOICES,
        asked,
        _rows,
        one="invoice",
        crumbs=[("Invoices", None)],
        states=STATES,
        overdue=OVERDUE,
        currencies=(("", "Any"), *((code, code) for code in listing.currencies())),
    )


def _rows(found: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    zone, now = tenants.current().time_zone, clock.now()
    for line in found:
        tone, state = slots.state_words(line.status, line.due_at, now, zone)
        total = Money(line.total_minor, line.currency).plain
        is_part_paid = line.is_open and line.paid_minor
        rest = f"{Money(line.total_minor - line.paid_minor, line.currency).plain} open" if is_part_paid else ""
        issued, due = words.day(line.issued_at, zone), words.day(line.due_at, zone)
        yield (
            f"{HERE}/{line.id}",
            line.number,
            line.company or line.name,
            line.email,
            tone,
            state,
            issued,
            due,
            total,
            rest,
        )


@routes.post("/export")
@requires(staff=Role.BILLING, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """What the list shows, whole, as CSV or XLSX. Logged; read in short reads while it is sent."""
    return exporting.export(
        INVOICES, EXPORT_HEAD, _cells, request.form, resource_type="invoice", zone=tenants.current().time_zone
    )


def _cells(line: Line) -> tuple[Cell, ...]:
    """In the order of `EXPORT_HEAD`."""
    minor = (line.subtotal_minor, line.discount_minor, line.tax_minor, line.total_minor, line.paid_minor)
    return (
        str(line.id), line.number, line.status, str(line.customer_id), line.company, line.name, line.email,
        line.currency, *(Money(amount, line.currency).major for amount in minor),
        line.issued_at, line.due_at, line.paid_at,
    )  # fmt: skip


@routes.get("/<uuid:invoice_id>")
@requires(staff=Role.BILLING)
def show(invoice_id: UUID) -> ResponseReturnValue:
    """One invoice: its lines and why they amount to that, its payments, its bookings, its history."""
    paper = service.find(principal(), invoice_id)
    invoice, zone = paper.invoice, tenants.current().time_zone
    customer = accounts.find_customer(principal(), invoice.customer_id, follows=True)
    tone, state = slots.state_of(invoice)
    movements = ledger.movements_of(invoice.id)
    return page(
        "billing/admin/show.html",
        crumbs=[("Invoices", HERE), (invoice.number or "Draft", None)],
        number=invoice.number or "Draft",
        tone=tone,
        state=state,
        customer=customer.title,
        customer_href=f"/admin/customers/{customer.id}",
        dates=_dates(invoice, zone),
        may_record=is_at_least(Role.ADMIN) and invoice.status in {"issued", "paid", "refunded"},
        record_href=f"/admin/payments/new?invoice={invoice.id}",
        is_open=invoice.is_open,
        voiding=_voiding(invoice) if is_at_least(Role.ADMIN) and voiding.is_voidable(invoice) else None,
        stats=_stats(invoice, zone),
        lines=[_line(line, invoice.currency, zone) for line in paper.lines],
        sums=[
            *lines.sums(invoice),
            (f"Total in {invoice.currency}", lines.bare(invoice.total_minor, invoice.currency)),
        ],
        reasons=[lines.reason(line, invoice.currency) for line in paper.lines],
        stored=[_stored(line) for line in paper.lines],
        rules=[("Rounding", ROUNDING.capitalize() + "."), ("Tax", lines.tax_reason(paper))],
        paid=[_paid(movement, zone) for movement in movements if movement.paid.minor],
        booked=[row for movement in movements for row in _booked(movement, zone)],
        is_balanced=all(sum(side.minor for side in movement.sides.values()) == 0 for movement in movements),
        history=history_of(
            {"invoice": [invoice.id], "payment": {one.source_id for one in movements if one.source_id}}, zone=zone
        ),
        billed_to=lines.address(invoice.billed_to),
    )


def _voiding(invoice: Invoice) -> dict[str, str]:
    """What the dialog asks before an invoice is made void."""
    return {
        "title": f"Make {invoice.number} void?",
        "text": f"{invoice.total.plain} are asked for no more, and it keeps its number. An order that waits for it is "
        "cancelled: nothing begins; stock and promo code are given back. This cannot be taken back.",
        "action": f"{HERE}/{invoice.id}/voiding",
    }


@routes.post("/<uuid:invoice_id>/voiding")
@requires(staff=Role.ADMIN)
def create_voiding(invoice_id: UUID) -> ResponseReturnValue:
    """Ask for nothing any more; only while nothing was paid of it."""
    invoice = voiding.void(service.find(principal(), invoice_id).invoice.id)
    toast("good", f"{invoice.number} is void.")
    return redirect(f"{HERE}/{invoice_id}", 303)


def _dates(invoice: Invoice, zone: str) -> str:
    return "".join(f" · {label.lower()} {day}" for label, day in lines.moments(invoice, zone))


def _stats(invoice: Invoice, zone: str) -> list[tuple[str, str, str]]:
    due = f"due {words.day(invoice.due_at, zone)}" if invoice.due_at and invoice.is_open else ""
    return [
        ("Total", invoice.total.plain, ""),
        ("Paid", Money(invoice.paid_minor, invoice.currency).plain, ""),
        ("Open", invoice.open.plain, due),
    ]


def _line(line: InvoiceLine, currency: str, zone: str) -> tuple[str, ...]:
    what, detail, price, gross = lines.row(line, currency, zone)
    how = line.computation
    rule = "No tax" if how["tax_rule"] == "none" else f"{how['tax_rule']} {how['tax_rate']}"
    off = lines.bare(-line.discount_minor, currency) if line.discount_minor else "–"
    return what, detail, rule, price, gross, off, lines.bare(line.net_minor, currency)


def _stored(line: InvoiceLine) -> str:
    return "\n".join([line.description, *(f"{name:16}{value}" for name, value in line.computation.items())])


def _paid(movement: Movement, zone: str) -> tuple[str, ...]:
    amount = movement.sides.get("cash", movement.paid)
    credited = movement.sides.get("credit") if movement.kind == "payment.received" else None
    below = f"{(-credited).plain} of it kept as credit" if credited is not None else ""
    href = f"/admin/payments/{movement.source_id}" if movement.source_id else ""
    return href, movement.memo, below, amount.plain, words.ago(movement.at, zone), words.exact(movement.at, zone)


def _booked(movement: Movement, zone: str) -> Iterator[dict[str, Any]]:
    for account, side in movement.sides.items():
        amount = lines.bare(abs(side.minor), side.currency)
        yield {
            "when": words.exact(movement.at, zone),
            "kind": movement.kind.replace(".", " ").capitalize(),
            "account": ACCOUNTS[account],
            "debit": amount if side.minor > 0 else "",
            "credit": amount if side.minor < 0 else "",
        }
