"""`/admin/payments/callbacks`: what payment providers told us, and what did not fit."""

import json
from collections.abc import Iterable, Iterator
from urllib.parse import urlencode
from uuid import UUID

from flask import redirect, request
from flask.typing import ResponseReturnValue

from app.features.accounts.slots import names_of
from app.features.payments import callbacks, slots
from app.features.payments.listing import CALLBACKS, Told
from app.features.payments.models import PaymentCallback
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.listed import listed
from app.kernel.pages import PageRoutes, is_at_least, page, principal, toast

HERE = CALLBACKS.here
STATES = (("", "Any"), *((name, state) for name, (_tone, state) in slots.CALLBACK_STATES.items()))

routes = PageRoutes("payments_admin_callbacks", prefix=HERE)


@routes.get("")
@requires(staff=Role.BILLING)
def index() -> ResponseReturnValue:
    """What providers told, the newest first."""
    asked = CALLBACKS.read(request.args)
    return listed(
        "payments/admin/callbacks.html",
        CALLBACKS,
        asked,
        _rows,
        one="callback",
        crumbs=[("Payments", "/admin/payments"), ("Callbacks", None)],
        states=STATES,
    )


def _rows(found: Iterable[Told]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for told in found:
        tone, state = slots.CALLBACK_STATES[told.state]
        amount = f"{told.currency} {told.amount}"
        when, exact = words.ago(told.created_at, zone), words.exact(told.created_at, zone)
        yield (
            f"{HERE}/{told.id}",
            told.kind,
            told.invoice,
            told.reference,
            amount,
            tone,
            state,
            told.reason,
            when,
            exact,
        )


@routes.get("/<uuid:callback_id>")
@requires(staff=Role.BILLING)
def show(callback_id: UUID) -> ResponseReturnValue:
    """One callback, word for word, and what came of it."""
    row = callbacks.find(principal(), callback_id)
    zone = tenants.current().time_zone
    tone, state = slots.CALLBACK_STATES[row.state]
    may_settle = row.state == "flagged" and is_at_least(Role.ADMIN)
    return page(
        "payments/admin/callback.html",
        crumbs=[("Payments", "/admin/payments"), ("Callbacks", HERE), (row.event_id, None)],
        title=row.kind,
        tone=tone,
        state=state,
        reason=row.reason,
        facts=_facts(row, zone),
        body=_said(row.body),
        payment_href=f"/admin/payments/{row.payment_id}" if row.payment_id else "",
        settle_href=f"{HERE}/{row.id}/settlement",
        may_settle=may_settle,
        record_href=_record_href(row) if may_settle else "",
    )


def _said(body: bytes) -> str:
    """The body, a field a line where it is JSON."""
    text = body.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


def _record_href(row: PaymentCallback) -> str:
    """The form that records the same money by hand, where its invoice is known."""
    invoice_id = callbacks.invoice_id_of(row)
    if invoice_id is None:
        return ""
    query = {"invoice": str(invoice_id), "amount": row.amount, "reference": row.reference}
    return f"/admin/payments/new?{urlencode(query)}"


def _facts(row: PaymentCallback, zone: str) -> list[tuple[str, str]]:
    by = names_of({row.settled_by}).get(row.settled_by, "") if row.settled_by else ""
    return [
        ("Event", row.event_id),
        ("Invoice", row.invoice),
        ("Amount", f"{row.currency} {row.amount}"),
        ("Reference", row.reference),
        ("Happened", words.exact(row.occurred_at, zone)),
        ("Told", words.exact(row.created_at, zone)),
        *([("Seen to by", by)] if by else []),
    ]


@routes.post("/<uuid:callback_id>/settlement")
@requires(staff=Role.ADMIN)
def settle(callback_id: UUID) -> ResponseReturnValue:
    """Take a flagged callback off the list: somebody has seen to it."""
    row = callbacks.find(principal(), callback_id)
    callbacks.settle(row.id, by=principal().user_id)
    toast("good", "Marked as seen to.")
    return redirect(f"{HERE}/{row.id}", 303)
