"""`/client/billing`: the account's invoices, for its people from BILLING up."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from babel import Locale, UnknownLocaleError
from flask import Response, request

from app.features.billing import service, slots
from app.features.billing.amounts import ROUNDING
from app.features.billing.models import Invoice, InvoiceLine
from app.features.billing.service import Paper
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.errors import NotFound
from app.kernel.money import Money
from app.kernel.pages import PageRoutes, page, principal

HOME = "/client/billing"
FILTERS = [("", "Any state"), ("issued", "To pay"), ("paid", "Paid"), ("void", "Void"), ("refunded", "Refunded")]
LONGEST_SEARCH = 40

routes = PageRoutes("billing_client", prefix=HOME)


@routes.get("")
@requires(customer=Role.BILLING)
def index() -> Response:
    """The account's invoices, newest first, and what is to be paid in all."""
    customer_id = principal().customer_id
    if customer_id is None:
        raise NotFound()
    asked = _asked()
    found = service.list_for_customer(
        customer_id, status=asked["state"] or None, number=asked["q"], cursor=request.args.get("cursor")
    )
    return page(
        "billing/client/index.html",
        rows=[_row(invoice) for invoice in found.items],
        lede=lambda: _lede(slots.owed_by(customer_id)),  # only the whole page says it
        asked=asked,
        is_filtered=any(asked.values()),
        states=FILTERS,
        previous_href=_at(asked, found.previous_cursor),
        next_href=_at(asked, found.next_cursor),
    )


def _asked() -> dict[str, str]:
    state = request.args.get("state", "")
    known = {key for key, _label in FILTERS}
    return {"q": request.args.get("q", "").strip()[:LONGEST_SEARCH], "state": state if state in known else ""}


def _lede(owed: list[slots.OpenAmount]) -> str:
    if not owed:
        return "Nothing is to be paid now."
    parts = [f"{one.total.plain} on {words.plural(one.invoices, 'open invoice')}" for one in owed]
    late = sum(one.overdue for one in owed)
    return f"To pay: {', '.join(parts)}{f', {late:,} overdue' if late else ''}."


def _row(invoice: Invoice) -> tuple[str, ...]:
    zone = tenants.current().time_zone
    card = slots.card(invoice)
    return (
        card.href,
        card.number,
        words.day(card.issued_at, zone),
        words.day(card.due_at, zone),
        card.tone,
        card.state,
        card.total.plain,
    )


def _at(asked: dict[str, str], cursor: str | None) -> str | None:
    if cursor is None:
        return None
    kept = {key: value for key, value in asked.items() if value}
    return f"{HOME}?{urlencode({**kept, 'cursor': cursor})}"


@routes.get("/<uuid:invoice_id>")
@requires(customer=Role.BILLING)
def show(invoice_id: UUID) -> Response:
    """One invoice, as it is printed, and what became of it."""
    paper = service.find(principal(), invoice_id)
    invoice = paper.invoice
    tone, state = slots.state_of(invoice)
    zone = tenants.current().time_zone
    return page(
        "billing/client/show.html",
        number=invoice.number,
        tone=tone,
        state=state,
        billed_to=_address(invoice.billed_to),
        seller=_address(invoice.seller),
        dates=[
            (label, words.day(at, zone)) for label, at in (("Issued", invoice.issued_at), ("Due", invoice.due_at)) if at
        ],
        lines=[_line(line, invoice.currency, zone) for line in paper.lines],
        sums=_sums(invoice),
        total=invoice.total.plain,
        to_pay=_to_pay(invoice, zone),
        reasons=[_reason(line, invoice.currency) for line in paper.lines],
        rules=[("Rounding", ROUNDING.capitalize() + "."), ("Tax", _tax_reason(paper))],
        history=_history(invoice, zone),
    )


def _address(given: dict[str, Any]) -> dict[str, Any]:
    """Name first, then every line that is known."""
    lines = [given.get("contact"), *given.get("address", []), _country(given.get("country", "")), given.get("email")]
    tax_number = given.get("tax_number")
    if tax_number:
        lines.append(f"Tax number {tax_number}")
    return {"name": given["name"], "lines": [line for line in lines if line and line != given["name"]]}


def _country(code: str) -> str:
    """The country's English name, or the code where it has none."""
    try:
        return str(Locale("en").territories.get(code, code))
    except UnknownLocaleError:  # pragma: no cover (English is always there)
        return code


def _line(line: InvoiceLine, currency: str, zone: str) -> tuple[str, str, str, str]:
    detail = line.detail
    if line.period_start is not None and line.period_end is not None:
        detail = f"{words.day(line.period_start, zone)} to {words.day(line.period_end, zone)}"
    return line.description, detail, _price(line, currency), _bare(line.gross_minor, currency)


def _price(line: InvoiceLine, currency: str) -> str:
    """`49.90 × 1`, and the part of the period where not all of it is charged."""
    how = line.computation
    part = f" × {how['factor']}" if how["factor"] != "1" else ""
    return f"{_unit(how['unit_minor'], currency)} × {how['quantity']}{part}"


def _unit(unit_minor: str, currency: str) -> str:
    """A unit price; one that is a part of a minor unit is told as the fraction that it is."""
    return _bare(int(unit_minor), currency) if "/" not in unit_minor else f"{unit_minor} minor units"


def _bare(minor: int, currency: str) -> str:
    """An amount without its currency, as stands in a column."""
    return Money(minor, currency).plain.removeprefix(f"{currency} ").replace("-", "\N{MINUS SIGN}")


def _sums(invoice: Invoice) -> list[tuple[str, str]]:
    sums = [("Subtotal", _bare(invoice.subtotal_minor, invoice.currency))]
    if invoice.discount_minor:
        label = f"Discount ({invoice.discount_reason})" if invoice.discount_reason else "Discount"
        sums.append((label, _bare(-invoice.discount_minor, invoice.currency)))
    sums.extend(
        (f"Tax {tax['rule']}", _bare(tax["tax_minor"], invoice.currency)) for tax in invoice.taxes if tax["tax_minor"]
    )
    return sums


def _to_pay(invoice: Invoice, zone: str) -> dict[str, str] | None:
    if not invoice.is_open or invoice.due_at is None:
        return None
    return {"amount": invoice.total.plain, "due": words.day(invoice.due_at, zone)}


def _reason(line: InvoiceLine, currency: str) -> tuple[str, str]:
    """How one line came to its amount, in one sentence."""
    said = f"{_price(line, currency)} = {_bare(line.gross_minor, currency)}"
    if line.discount_minor:
        said += f", less {_bare(line.discount_minor, currency)} as its share of the discount"
        said += f" = {_bare(line.net_minor, currency)}"
    return line.description, f"{said}."


def _tax_reason(paper: Paper) -> str:
    taxed = [tax for tax in paper.invoice.taxes if tax["tax_minor"]]
    if not taxed:
        return "No tax is charged on this invoice."
    return "Tax is computed once per rate, on the sum of the lines after discount."


def _history(invoice: Invoice, zone: str) -> list[dict[str, str]]:
    """What happened to it, newest first."""
    moments: list[tuple[datetime | None, str]] = [
        (invoice.refunded_at, "Refunded"),
        (invoice.voided_at, "Made void"),
        (invoice.paid_at, "Paid" if invoice.total_minor else "Nothing to pay: settled by the discount"),
        (invoice.issued_at, "Invoice issued"),
    ]
    return [{"text": text, "when": words.ago(at, zone), "exact": words.exact(at, zone)} for at, text in moments if at]
