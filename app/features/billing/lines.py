"""How an invoice's lines, sums and reasons are said, to customers and staff alike."""

from typing import Any

from babel import Locale, UnknownLocaleError

from app.features.billing.models import Invoice, InvoiceLine
from app.features.billing.service import Paper
from app.kernel import words
from app.kernel.money import Money


def address(given: dict[str, Any]) -> dict[str, Any]:
    """A party of the invoice: name first, then every line that is known."""
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


def row(line: InvoiceLine, currency: str, zone: str) -> tuple[str, str, str, str]:
    """What, its detail, its price and its amount, as customers read a line."""
    detail = line.detail
    if line.period_start is not None and line.period_end is not None:
        detail = f"{words.day(line.period_start, zone)} to {words.day(line.period_end, zone)}"
    return line.description, detail, price(line, currency), bare(line.gross_minor, currency)


def price(line: InvoiceLine, currency: str) -> str:
    """`49.90 × 1`, and the part of the period where not all of it is charged."""
    how = line.computation
    part = f" × {how['factor']}" if how["factor"] != "1" else ""
    return f"{unit(how['unit_minor'], currency)} × {how['quantity']}{part}"


def unit(unit_minor: str, currency: str) -> str:
    """A unit price; one that is a part of a minor unit is told as the fraction that it is."""
    return bare(int(unit_minor), currency) if "/" not in unit_minor else f"{unit_minor} minor units"


def bare(minor: int, currency: str) -> str:
    """An amount without its currency, as stands in a column."""
    return Money(minor, currency).plain.removeprefix(f"{currency} ").replace("-", "\N{MINUS SIGN}")


def moments(invoice: Invoice, zone: str) -> list[tuple[str, str]]:
    """What happened to it on which day: what became of it too, so that none that is void or paid is taken for open."""
    found = (
        ("Issued", invoice.issued_at),
        ("Due", invoice.due_at),
        ("Paid", invoice.paid_at),
        ("Made void", invoice.voided_at),
        ("Refunded", invoice.refunded_at),
    )
    return [(label, words.day(at, zone)) for label, at in found if at]


def sums(invoice: Invoice) -> list[tuple[str, str]]:
    """What stands above the total."""
    found = [("Subtotal", bare(invoice.subtotal_minor, invoice.currency))]
    if invoice.discount_minor:
        label = f"Discount ({invoice.discount_reason})" if invoice.discount_reason else "Discount"
        found.append((label, bare(-invoice.discount_minor, invoice.currency)))
    found.extend(
        (f"Tax {tax['rule']}", bare(tax["tax_minor"], invoice.currency)) for tax in invoice.taxes if tax["tax_minor"]
    )
    return found


def reason(line: InvoiceLine, currency: str) -> tuple[str, str]:
    """How one line came to its amount, in one sentence."""
    said = f"{price(line, currency)} = {bare(line.gross_minor, currency)}"
    if line.discount_minor:
        said += f", less {bare(line.discount_minor, currency)} as its share of the discount"
        said += f" = {bare(line.net_minor, currency)}"
    return line.description, f"{said}."


def tax_reason(paper: Paper) -> str:
    """How the tax came about, in one sentence."""
    taxed = [tax for tax in paper.invoice.taxes if tax["tax_minor"]]
    if not taxed:
        return "No tax is charged on this invoice."
    return "Tax is computed once per rate, on the sum of the lines after discount."
