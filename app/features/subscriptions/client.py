"""`/client/services`: what the customer rents, and where each of it stands."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request

from app.features.billing import slots as billing
from app.features.catalogue.cycles import SPANS
from app.features.catalogue.models import UNLIMITED, Product
from app.features.subscriptions import service, slots
from app.features.subscriptions.models import STATUSES, Subscription
from app.features.subscriptions.service import Service
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Principal, Role, requires
from app.kernel.errors import NotFound
from app.kernel.pages import PageRoutes, page, principal

HOME = "/client/services"
FILTERS = [("", "Any state"), *((status, slots.STATES[status][1]) for status in STATUSES)]

routes = PageRoutes("subscriptions_client", prefix=HOME)


@routes.get("")
@requires(customer=Role.VIEWER)
def index() -> Response:
    """Everything the account has, newest first."""
    status = request.args.get("state", "")
    if status not in STATUSES:
        status = ""
    found = service.list_for_customer(
        _customer_id(principal()), status=status or None, cursor=request.args.get("cursor")
    )
    sees_money = _sees_money(principal())
    return page(
        "subscriptions/client/index.html",
        rows=[
            (
                card.href,
                card.plan,
                _said(card.price_words, card.next_step, sees_money=sees_money),
                card.tone,
                card.state,
            )
            for card in slots.cards(found.items)
        ],
        state=status,
        states=FILTERS,
        previous_href=_at(status, found.previous_cursor),
        next_href=_at(status, found.next_cursor),
    )


def _customer_id(who: Principal) -> UUID:
    if who.customer_id is None:
        raise NotFound()
    return who.customer_id


def _at(status: str, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    return f"{HOME}?{urlencode({'state': status, 'cursor': cursor} if status else {'cursor': cursor})}"


@routes.get("/<uuid:subscription_id>")
@requires(customer=Role.VIEWER)
def show(subscription_id: UUID) -> Response:
    """One service: what it is, how it stands, what happens next. The invoice is for those who see money."""
    found = service.find(principal(), subscription_id)
    subscription = found.subscription
    sees_money = _sees_money(principal())
    tone, state = slots.state_of(subscription, found.first_invoice)
    return page(
        "subscriptions/client/show.html",
        title=subscription.plan_name,
        lede=_said(subscription.price_words, slots.next_step(subscription), sees_money=sees_money),
        tone=tone,
        state=state,
        steps=_steps(found, sees_money=sees_money),
        facts=_facts(subscription, sees_money=sees_money),
        limits=_limits(found.product),
        features=found.product.features,
        invoice=_invoice(found) if sees_money else None,
    )


def _said(price: str, next_step: str, *, sees_money: bool) -> str:
    """`USD 49.90 a year · renews on 20 Nov 2027`; without the price for those who see no money."""
    return f"{price} · {next_step}" if sees_money else next_step[0].upper() + next_step[1:]


def _sees_money(who: Principal) -> bool:
    return (who.customer_role or 0) >= Role.BILLING


@dataclass(frozen=True)
class Step:
    """One step of a service's way, as `ui.timeline` draws it."""

    state: str
    title: str
    text: str = ""
    when: str = ""


def _steps(found: Service, *, sees_money: bool) -> list[Step]:
    """Ordered, paid, set up, running: what is done, what is on now, what comes."""
    zone = tenants.current().time_zone
    subscription, invoice = found.subscription, found.first_invoice
    steps = [Step("done", "Ordered", when=words.day(subscription.created_at, zone))]
    is_paid = invoice is None or invoice.paid_at is not None
    if invoice is not None and invoice.paid_at is not None:
        steps.append(Step("done", "Paid", when=words.day(invoice.paid_at, zone)))
    elif invoice is not None and invoice.due_at is not None:
        due = f"{f'{invoice.total.plain} is' if sees_money else 'The first invoice is'} due on "
        steps.append(Step("now", "Waiting for payment", due + words.day(invoice.due_at, zone)))
    if subscription.period_start is not None:
        steps.append(Step("done", "Set up", when=words.day(subscription.period_start, zone)))
    elif subscription.ended_at is None:
        text = f"What you ordered ({SPANS[subscription.cycle]}) starts on that day, not before."
        steps.append(Step("now" if is_paid else "next", "We set it up", text))
    if subscription.ended_at is not None:
        steps.append(Step("done", "Ended", when=words.day(subscription.ended_at, zone)))
    else:
        steps.append(Step("done" if subscription.status == "active" else "next", "Running"))
    return steps


def _facts(subscription: Subscription, *, sees_money: bool) -> list[tuple[str, str | None]]:
    zone = tenants.current().time_zone
    until = words.day(subscription.period_end, zone) if subscription.period_end else None
    return [
        ("Plan", subscription.plan_name),
        *([("Price", subscription.price_words)] if sees_money else []),
        ("Ordered", words.day(subscription.created_at, zone)),
        ("Paid until", until),
        ("Renewal", "Renews by itself" if subscription.auto_renew else "Does not renew"),
    ]


def _limits(product: Product) -> list[tuple[str, str]]:
    traffic = "Unlimited" if product.bandwidth_gb == UNLIMITED else f"{product.bandwidth_gb:,} GB a month"
    return [
        ("Websites", f"{product.websites:,}"),
        ("Storage", f"{product.storage_gb:,} GB"),
        ("Bandwidth", traffic),
        ("Mailboxes", f"{product.mailboxes:,}"),
    ]


def _invoice(found: Service) -> dict[str, Any] | None:
    if found.first_invoice is None or found.first_invoice.number is None:
        return None
    card = billing.card(found.first_invoice)
    return {
        "number": card.number,
        "href": card.href,
        "tone": card.tone,
        "state": card.state,
        "total": card.total.plain,
    }
