"""`/client/billing`: the account's invoices and how to pay them, for its people from BILLING up."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from uuid import UUID

from flask import Response, request

from app.features.accounts import credit
from app.features.accounts.merged import ids_of
from app.features.billing import ledger, lines, own, paying, service, slots
from app.features.billing.amounts import ROUNDING
from app.features.billing.ledger import Movement
from app.features.billing.models import Invoice
from app.features.billing.own import Line
from app.features.tenants import service as tenants
from app.kernel import clock, words
from app.kernel.access import Role, requires
from app.kernel.errors import NotFound
from app.kernel.money import Money
from app.kernel.pages import PageRoutes, page, principal

HOME = "/client/billing"
FILTERS = [("", "Any state"), ("issued", "To pay"), ("paid", "Paid"), ("void", "Void"), ("refunded", "Refunded")]
routes = PageRoutes("billing_client", prefix=HOME)


@routes.get("")
@requires(customer=Role.BILLING)
def index() -> Response:
    """The account's invoices, newest first, and what is to be paid in all."""
    customer_id = principal().customer_id
    if customer_id is None:
        raise NotFound()
    asked = own.INVOICES.read(request.args)
    found = own.INVOICES.page(asked, of=ids_of(customer_id))

    @cache
    def owed() -> list[slots.OpenAmount]:
        return slots.owed_by(customer_id)

    return page(
        "billing/client/index.html",
        rows=list(_rows(found.items)),
        lede=lambda: f"{_owed(owed())}{_credit_words(customer_id)}",  # only the whole page says it
        has_several=lambda: tenants.current().sandbox_enabled and any(one.invoices > 1 for one in owed()),
        asked=asked.values,
        is_filtered=asked.is_filtered,
        states=FILTERS,
        previous_href=asked.href(cursor=found.previous_cursor) if found.previous_cursor else None,
        next_href=asked.href(cursor=found.next_cursor) if found.next_cursor else None,
    )


def _owed(owed: list[slots.OpenAmount]) -> str:
    if not owed:
        return "Nothing is to be paid now."
    parts = [f"{one.total.plain} on {words.plural(one.invoices, 'open invoice')}" for one in owed]
    late = sum(one.overdue for one in owed)
    return f"To pay: {', '.join(parts)}{f', {late:,} overdue' if late else ''}."


def _credit_words(customer_id: UUID) -> str:
    has = credit.of(customer_id)
    return f" Your account has {has.plain} credit." if has.minor else ""


def _rows(found: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    zone, now = tenants.current().time_zone, clock.now()
    for line in found:
        tone, state = slots.state_words(line.status, line.due_at, now, zone)
        issued, due = words.day(line.issued_at, zone), words.day(line.due_at, zone)
        rest = f"{line.open.plain} still open" if line.is_open and line.paid_minor else ""
        yield f"{HOME}/{line.id}", line.number, issued, due, tone, state, line.total.plain, rest


@routes.get("/together")
@requires(customer=Role.BILLING)
def together() -> Response:
    """Open invoices of one currency, to be ticked and paid at once; all of them to begin with."""
    customer_id = principal().customer_id
    if customer_id is None:
        raise NotFound()
    waiting = own.to_pay(customer_id)
    currencies = list(dict.fromkeys(invoice.currency for invoice in waiting))
    asked = request.args.get("currency", "")
    currency = asked if asked in currencies else next(iter(currencies), "")
    offered = [invoice for invoice in waiting if invoice.currency == currency]
    ticked = set(request.args.getlist("invoice")) if "picked" in request.args else {str(one.id) for one in offered}
    chosen = [invoice for invoice in offered if str(invoice.id) in ticked]
    zone = tenants.current().time_zone
    return page(
        "billing/client/together.html",
        rows=[_choice(invoice, is_chosen=invoice in chosen) for invoice in offered],
        currency=currency,
        currencies=[(code, f"{HOME}/together?currency={code}", code == currency) for code in currencies],
        pay=paying.offer(chosen, due=words.day(chosen[0].due_at, zone)) if chosen and chosen[0].due_at else None,
        is_cut=len(waiting) == own.MOST_TOGETHER,
    )


def _choice(invoice: Invoice, *, is_chosen: bool) -> tuple[str, str, str, str, str, str, bool]:
    card = slots.card(invoice)
    return str(card.invoice_id), card.number, card.href, card.tone, card.state, card.open.plain, is_chosen


@routes.get("/<uuid:invoice_id>")
@requires(customer=Role.BILLING)
def show(invoice_id: UUID) -> Response:
    """One invoice, as it is printed, what became of it, and how to pay it."""
    paper = service.find(principal(), invoice_id)
    invoice = paper.invoice
    tone, state = slots.state_of(invoice)
    zone = tenants.current().time_zone
    paid = [movement for movement in ledger.movements_of(invoice.id) if movement.paid.minor]
    return page(
        "billing/client/show.html",
        number=invoice.number,
        is_void=invoice.status == "void",
        tone=tone,
        state=state,
        billed_to=lines.address(invoice.billed_to),
        seller=lines.address(invoice.seller),
        dates=lines.moments(invoice, zone),
        lines=[lines.row(line, invoice.currency, zone) for line in paper.lines],
        sums=lines.sums(invoice),
        total=invoice.total.plain,
        paid=[_paid(movement, zone) for movement in paid],
        open=invoice.open.plain if invoice.is_open else "",
        nothing=Money(0, invoice.currency).plain,
        pay=paying.offer([invoice], due=words.day(invoice.due_at, zone))
        if invoice.is_open and invoice.due_at
        else None,
        reasons=[lines.reason(line, invoice.currency) for line in paper.lines],
        rules=[("Rounding", ROUNDING.capitalize() + "."), ("Tax", lines.tax_reason(paper))],
        history=_history(invoice, paid, zone),
    )


def _paid(movement: Movement, zone: str) -> dict[str, str]:
    """What paid a part of it, with its receipt."""
    how = "Account credit" if movement.kind == "credit.used" else movement.memo.partition(",")[0]
    return {
        "text": f"{how}, {words.day(movement.at, zone)}",
        "amount": lines.bare(-movement.paid.minor, movement.paid.currency),
        "href": f"/client/payments/{movement.source_id}" if movement.source_id else "",
    }


def _history(invoice: Invoice, paid: list[Movement], zone: str) -> list[dict[str, str]]:
    """What happened to it, newest first."""
    settled = "Paid" if invoice.total_minor else "Nothing to pay: settled by the discount"
    moments: list[tuple[datetime | None, str]] = [
        (invoice.refunded_at, "Refunded"),
        (invoice.voided_at, "Made void"),
        (invoice.paid_at, settled),
        *((one.at, f"{one.paid.plain} received: {_paid(one, zone)['text'].partition(',')[0]}") for one in paid[::-1]),
        (invoice.issued_at, "Invoice issued"),
    ]
    return [{"text": text, "when": words.ago(at, zone), "exact": words.exact(at, zone)} for at, text in moments if at]
