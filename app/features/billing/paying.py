"""How open invoices can be paid here and now, one or several: what `billing/client/_pay.html` draws."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request

from app.features.accounts import credit
from app.features.billing.models import Invoice
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.ids import new_id
from app.kernel.money import Money

SANDBOX = (
    ("sandbox", "Test card", "Sandbox: it always works, and no real money moves."),
    ("sandbox-declined", "Test card that is declined", "Sandbox: to see what happens when a payment fails."),
)
"""The ways to pay of the sandbox gateway: value, title, words."""


def offer(invoices: Sequence[Invoice], *, due: str) -> dict[str, Any]:
    """The account's credit and what the gateway is to take, for open invoices of one customer and currency.

    A transfer names the one invoice that it is for, so that its reference counts
    once; several are for gateways that charge at once. `?credit=keep` leaves the
    credit alone. Each offer bears a new attempt: the same page pays once.
    """
    first = invoices[0]
    total = Money(sum(invoice.open.minor for invoice in invoices), first.currency)
    has = credit.left(first.customer_id, first.currency)
    keeps = request.args.get("credit") == "keep"
    used = Money(0 if keeps else min(has.minor, total.minor), first.currency)
    charge = total - used
    return {
        "invoices": ",".join(str(invoice.id) for invoice in invoices),
        "number": first.number,
        "several": words.plural(len(invoices), "invoice") if len(invoices) > 1 else "",
        "open": total.plain,
        "due": due,
        "attempt": new_id(),
        "charge": charge,
        "used": used if used.minor else None,
        "kept": has if keeps and has.minor else None,
        "choices": SANDBOX if tenants.current().sandbox_enabled and charge.minor else (),
        "keep_href": _href(credit="keep"),
        "use_href": _href(),
        "credit": "keep" if keeps or not has.minor else "use",
        "bank": _bank() if len(invoices) == 1 else [],
    }


def _href(**more: str) -> str:
    """This page with the same invoices."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "credit"]
    return f"?{urlencode([*kept, *more.items()])}"


def _bank() -> list[str]:
    tenant = tenants.current()
    lines = tenant.bank_details.splitlines() if tenant.bank_enabled else []
    return [line.strip() for line in lines if line.strip()]
