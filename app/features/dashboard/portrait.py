"""A customer with everything: each card is filled by another room's slot."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from babel import Locale

from app.features.accounts import histories, noted
from app.features.accounts import service as accounts
from app.features.accounts.histories import Entry
from app.features.accounts.models import Customer, User
from app.features.accounts.noted import Shown
from app.features.audit import slots as audit
from app.features.billing import slots as billing
from app.features.billing.slots import InvoiceCard
from app.features.dashboard import figures
from app.features.dashboard.figures import Stat
from app.features.dashboard.service import monthly_minor
from app.features.messages import slots as messages
from app.features.orders import slots as orders
from app.features.orders.slots import OrderCard
from app.features.payments import slots as payments
from app.features.provisioning import slots as provisioning
from app.features.subscriptions import slots as subscriptions
from app.features.subscriptions.slots import Alike, ServiceCard
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Principal, Role
from app.kernel.money import Money

Rows = list[tuple[str, ...]]
SHOWN = 20
TOLD_TWICE = {"CUSTOMER_DETAILS_CHANGED"}
"""Logged with its values beside the event that says the same."""


@dataclass(frozen=True)
class Person:
    """Somebody who signs in for the customer."""

    name: str
    initials: str
    text: str
    href: str
    """Their own page; empty when `who` may not open it."""
    view_action: str
    """Where to begin to see the portal as them; empty when `who` may not."""


@dataclass(frozen=True)
class Portrait:
    """All that `dashboard/admin/customer.html` shows."""

    title: str
    initials: str
    lede: str
    tone: str
    state: str
    stats: list[Stat]
    tasks: Rows | None
    """Set-up tasks that are open. None for those who may not open them."""
    services: Rows
    orders: Rows
    invoices: Rows
    payments: Rows
    messages: Rows | None
    """None for those who may not open messages."""
    history: list[Entry]
    details: list[tuple[str, str]]
    source: list[tuple[str, str]]
    people: list[Person]
    people_href: str
    shows_money: bool
    notes: Shown
    notes_action: str
    """Where a new note goes; empty for those who only read."""
    href: str
    privacy_href: str
    """Where a copy is made and the customer is erased; empty for those who may not."""
    merging_href: str
    """Where it is merged into another one; empty for those who may not, and where it cannot be."""


def of(customer: Customer, aliases: Sequence[Customer], who: Principal) -> Portrait:
    """Everything about `customer`, with those merged into it, that `who` may see: at most 15 queries a page."""
    zone, role = tenants.current().time_zone, who.staff_role or Role.VIEWER
    shows_money = role >= Role.BILLING
    people = accounts.people_of(customer.id)
    services = subscriptions.services_of(customer.id, limit=SHOWN)
    tally = subscriptions.tally(customer.id)
    bought = orders.recent_orders(customer_id=customer.id, limit=SHOWN)
    invoices = billing.recent_invoices(customer.id, limit=SHOWN) if shows_money else []
    return Portrait(
        title=customer.title,
        notes=noted.shown(customer.id, who, zone),
        notes_action=f"/admin/customers/{customer.id}/notes" if role >= Role.MEMBER else "",
        href=f"/admin/customers/{customer.id}",
        privacy_href=f"/admin/privacy/customers/{customer.id}" if role >= Role.ADMIN else "",
        merging_href=f"/admin/customers/{customer.id}/merging" if role >= Role.ADMIN and customer.is_active else "",
        initials=words.initials(customer.title),
        lede=f"{customer.email} · customer since {words.day(customer.created_at, zone)}",
        tone="good" if customer.is_active else "done",
        state="Active" if customer.is_active else "Closed",
        stats=[_service_stat(tally), *(_money_stats(customer, tally) if shows_money else [])],
        tasks=_tasks(customer.id, zone) if role >= Role.MEMBER else None,
        services=_services(services),
        orders=_orders(bought, zone, links=shows_money),
        invoices=_invoices(invoices, zone),
        payments=_payments(customer.id, zone) if shows_money else [],
        messages=_messages(people, zone, sees_money=shows_money) if role >= Role.MEMBER else None,
        history=_history([customer, *aliases], people, services, bought, invoices, zone),
        details=_details(customer, aliases, zone),
        source=_source(customer),
        people_href=f"/admin/customers/{customer.id}/people",
        people=[
            _person(person, zone, is_admin=role >= Role.ADMIN, may_view=role >= Role.ADMIN and customer.is_active)
            for person in people
        ],
        shows_money=shows_money,
    )


def _service_stat(tally: Sequence[Alike]) -> Stat:
    standing = figures.standing(tally)
    said = ", ".join(f"{count:,} {how}" for how, count in standing.items()) or "none"
    return Stat("Services", f"{standing.total():,}", said)


def _money_stats(customer: Customer, tally: Sequence[Alike]) -> list[Stat]:
    stats = _monthly_stats(tally)
    balances = billing.balances_of(customer.id)
    for balance in balances:
        suffix = f", {balance.open.currency}" if len(balances) > 1 else ""
        stats.append(Stat(f"Open{suffix}", balance.open.sign(), words.plural(balance.open_invoices, "invoice")))
        stats.append(Stat(f"Paid so far{suffix}", balance.paid.sign(), words.plural(balance.paid_invoices, "invoice")))
    if not balances:
        stats.append(Stat("Open", Money(0, customer.currency).sign(), "no invoice yet"))
    stats.append(Stat("Credit", Money(customer.credit_minor, customer.currency).sign(), "on the account"))
    return stats


def _monthly_stats(tally: Sequence[Alike]) -> list[Stat]:
    """What the services that run bring in by the month, per currency."""
    monthly: Counter[str] = Counter()
    for alike in tally:
        if alike.status == "active":
            monthly[alike.currency] += monthly_minor(alike.price_minor, alike.cycle) * alike.services
    suffixed = len(monthly) > 1
    return [
        Stat(f"MRR, {currency}" if suffixed else "MRR", Money(minor, currency).sign(), "from what runs")
        for currency, minor in sorted(monthly.items())
    ]


def _tasks(customer_id: UUID, zone: str) -> Rows:
    return [
        (card.href, card.title, card.tone, card.state, words.ago(card.since, zone), words.exact(card.since, zone))
        for card in provisioning.open_tasks(customer_id, SHOWN)
    ]


def _services(cards: Sequence[ServiceCard]) -> Rows:
    return [
        (card.staff_href, card.plan, card.tone, card.state, figures.begun(card.next_step), card.price_words)
        for card in cards
    ]


def _orders(cards: Sequence[OrderCard], zone: str, *, links: bool) -> Rows:
    return [
        (
            card.href if links else "",
            card.number,
            card.what,
            card.tone,
            card.state,
            words.ago(card.placed_at, zone),
            words.exact(card.placed_at, zone),
            card.total.plain,
        )
        for card in cards
    ]


def _invoices(cards: Sequence[InvoiceCard], zone: str) -> Rows:
    return [
        (
            f"/admin/billing/{card.invoice_id}",
            card.number,
            words.day(card.issued_at, zone),
            words.day(card.due_at, zone),
            card.tone,
            card.state,
            card.total.plain,
        )
        for card in cards
    ]


def _payments(customer_id: UUID, zone: str) -> Rows:
    return [
        (
            card.href, card.reference or card.gateway_label, card.gateway_label, card.tone, card.state,
            words.ago(card.when, zone), words.exact(card.when, zone), card.amount.plain,
        )
        for card in payments.recent_payments(customer_id, SHOWN)
    ]  # fmt: skip


def _messages(people: Sequence[User], zone: str, *, sees_money: bool) -> Rows:
    return [
        (
            card.href,
            card.subject,
            card.to_address,
            card.tone,
            card.state,
            words.ago(card.wanted_at, zone),
            words.exact(card.wanted_at, zone),
        )
        for card in messages.messages_to([person.id for person in people], sees_money=sees_money)
    ]


def _history(
    customers: Sequence[Customer],
    people: Sequence[User],
    services: Sequence[ServiceCard],
    bought: Sequence[OrderCard],
    invoices: Sequence[InvoiceCard],
    zone: str,
) -> list[Entry]:
    about = {
        **{person.id: person.name for person in people},
        **{card.subscription_id: card.plan for card in services},
        **{card.order_id: card.what for card in bought},
        **{card.invoice_id: card.number for card in invoices},
    }
    found = audit.happened_to(
        {
            "customer": [one.id for one in customers],
            "user": [person.id for person in people],
            "subscription": [card.subscription_id for card in services],
            "order": [card.order_id for card in bought],
            "invoice": [card.invoice_id for card in invoices],
        }
    )
    found = [line for line in found if line.action not in TOLD_TWICE]
    return histories.say(found, zone=zone, about=about, actors=histories.actors_of(found))


def _details(customer: Customer, aliases: Sequence[Customer], zone: str) -> list[tuple[str, str]]:
    place = " ".join(part for part in (customer.postal_code, customer.city) if part)
    lines = (customer.address_line, place, customer.region, _country(customer.country))
    return [
        ("Contact", customer.name),
        ("Phone", customer.phone),
        ("Address", ", ".join(line for line in lines if line)),
        ("Currency", customer.currency),
        ("Tax number", customer.tax_number),
        *(("Merged in", f"{one.title}, {words.day(one.merged_at, zone)}") for one in aliases if one.merged_at),
    ]


def _country(code: str) -> str:
    return str(Locale("en").territories.get(code, code))


def _source(customer: Customer) -> list[tuple[str, str]]:
    pairs = [
        ("Source", customer.marketing_source),
        ("Campaign", customer.utm_campaign),
        ("Sent by", customer.utm_source),
        ("Medium", customer.utm_medium),
        ("Content", customer.utm_content),
        ("Term", customer.utm_term),
    ]
    return [(label, value) for label, value in pairs if value]


def _person(person: User, zone: str, *, is_admin: bool, may_view: bool) -> Person:
    return Person(
        name=person.name,
        initials=words.initials(person.name),
        text=f"{person.role.name.capitalize()}, {_last_seen(person, zone)}",
        href=f"/admin/customers/{person.customer_id}/people/{person.id}" if is_admin else "",
        view_action=f"/admin/impersonations/{person.id}" if may_view and person.disabled_at is None else "",
    )


def _last_seen(person: User, zone: str) -> str:
    if person.disabled_at is not None:
        return "access ended"
    if person.last_sign_in_at is not None:
        return f"signed in {words.ago(person.last_sign_in_at, zone)}"
    return "never signed in" if person.password_hash else "no password yet"
