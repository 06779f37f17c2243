"""A customer's first page: what needs doing, what they have, what comes next, what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.features.accounts import histories
from app.features.accounts.histories import Entry
from app.features.audit import slots as audit
from app.features.billing import slots as billing
from app.features.billing.slots import InvoiceCard
from app.features.dashboard import ahead, figures
from app.features.dashboard.ahead import Ahead
from app.features.orders import slots as orders
from app.features.sessions import service as sessions
from app.features.subscriptions import slots as subscriptions
from app.features.subscriptions.slots import Alike, ServiceCard
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Principal, Role

SHOWN_SERVICES, SHOWN_INVOICES, SHOWN_LINES = 5, 5, 6
TOLD = (
    "ORDER_CREATED", "ORDER_COMPLETED", "ORDER_CANCELLED", "INVOICE_ISSUED", "INVOICE_PAID",
    "SUBSCRIPTION_ACTIVATED", "SUBSCRIPTION_SUSPENDED", "SUBSCRIPTION_RESUMED", "SUBSCRIPTION_CANCELLED",
    "SUBSCRIPTION_UPGRADED", "SUBSCRIPTION_DOWNGRADED", "SUBSCRIPTION_TERMINATED", "SERVICE_PROVISIONED",
    "USER_LOGIN", "PASSWORD_SET", "SESSIONS_ENDED",
)  # fmt: skip
"""What a customer is told of the log about their own things."""


@dataclass(frozen=True)
class NextStep:
    """The one thing that comes next."""

    icon: str
    title: str
    text: str
    actions: list[tuple[str, str, str]]
    """Label, address, kind of button."""


@dataclass(frozen=True)
class Home:
    """All that `dashboard/client/home.html` shows."""

    greeting: str
    sentence: str
    next_step: NextStep | None
    services: list[tuple[str, str, str, str, str]]
    invoices: list[tuple[str, ...]] | None
    """None for those who see no money."""
    renewal: Ahead | None
    credit: str
    """What the account has; empty when that is nothing, or for those who see no money."""
    recent: list[Entry]
    devices: str


def of(who: Principal, customer_id: UUID) -> Home:
    """Everything for `who`'s first page: at most ten queries."""
    zone = tenants.current().time_zone
    sees_money = (who.customer_role or Role.VIEWER) >= Role.BILLING
    services = subscriptions.services_of(customer_id)
    steps = ahead.steps_of(customer_id) if any(card.state == figures.SETTING_UP for card in services) else {}
    owed = billing.next_to_pay(customer_id) if sees_money else None
    invoices = billing.recent_invoices(customer_id, limit=SHOWN_INVOICES) if sees_money else []
    return Home(
        greeting=f"{words.greeting(zone)}, {who.name.split()[0]}",
        sentence=_sentence(who, subscriptions.tally(customer_id, is_open=True), owed[1] if owed else 0),
        next_step=_to_pay(*owed, services, zone) if owed else _to_wait(services, steps),
        services=[_service(card, steps, sees_money=sees_money) for card in services[:SHOWN_SERVICES]],
        invoices=[_invoice(card, zone) for card in invoices] if sees_money else None,
        renewal=ahead.renewal_of(customer_id, zone, sees_money=sees_money),
        credit=ahead.credit_of(customer_id) if sees_money else "",
        recent=_recent(who, customer_id, services, invoices, zone),
        devices=words.plural(len(sessions.list_for(who)), "device"),
    )


def _sentence(who: Principal, tally: Sequence[Alike], to_pay: int) -> str:
    """`Alder & Finch Bakery · two services running, one invoice to pay`; suspended ones are said as well."""
    parts = [
        f"{words.spelled(count)} {'service' if count == 1 else 'services'} {how}"
        for how, count in figures.standing(tally).items()
    ] or ["no services yet"]
    if to_pay:
        parts.append(f"{words.spelled(to_pay)} {'invoice' if to_pay == 1 else 'invoices'} to pay")
    return f"{who.customer_name} · {', '.join(parts)}"


def _to_pay(first: InvoiceCard, to_pay: int, services: Sequence[ServiceCard], zone: str) -> NextStep:
    """The most urgent invoice, of so many."""
    day = words.day(first.due_at, zone)
    due = f"was due on {day}" if first.is_overdue else f"is due on {day}"
    text = f"Invoice {first.number}."
    if any(card.status == "pending" for card in services):
        text += " What you ordered is set up once it is paid."
    if to_pay > 1:
        text += f" {words.plural(to_pay - 1, 'more invoice')} {'is' if to_pay == 2 else 'are'} open."
    actions = [(f"Pay {first.open.plain}", first.href, "primary")]
    if to_pay > 1:
        actions.insert(0, ("All invoices", "/client/billing?state=issued", ""))
    return NextStep("receipt", f"{first.open.plain} {due}", text, actions)


def _to_wait(services: Sequence[ServiceCard], steps: Mapping[UUID, str]) -> NextStep | None:
    """Nothing to pay, or nothing that this person sees: what is being waited for."""
    being_set_up = [card for card in services if card.state == figures.SETTING_UP]
    if being_set_up:
        first = being_set_up[0]
        text = f"{figures.begun(steps.get(first.subscription_id, 'we are on it'))}. You get a mail when it is ready."
        return NextStep("server-2", f"{first.plan} is being set up", text, [("See where it stands", first.href, "")])
    waiting = [card for card in services if card.status == "pending"]
    if not waiting:
        return None
    first = waiting[0]
    text = "The people who look after billing in your account have the invoice."
    title = f"{first.plan} is {first.state[0].lower()}{first.state[1:]}"
    return NextStep("server-2", title, text, [("See where it stands", first.href, "")])


def _service(card: ServiceCard, steps: Mapping[UUID, str], *, sees_money: bool) -> tuple[str, str, str, str, str]:
    next_step = steps.get(card.subscription_id, card.next_step)
    said = f"{card.price_words} · {next_step}" if sees_money else next_step
    return card.href, card.plan, figures.begun(said), card.tone, card.state


def _invoice(card: InvoiceCard, zone: str) -> tuple[str, ...]:
    return (
        card.href,
        card.number,
        words.day(card.issued_at, zone),
        words.day(card.due_at, zone),
        card.tone,
        card.state,
        card.total.plain,
    )


def _recent(
    who: Principal, customer_id: UUID, services: Sequence[ServiceCard], invoices: Sequence[InvoiceCard], zone: str
) -> list[Entry]:
    """What happened to the account's things, and this person's own sign-ins. Two queries."""
    bought = orders.recent_orders(customer_id=customer_id, limit=SHOWN_LINES)
    about = {
        **{card.subscription_id: card.plan for card in services},
        **{card.order_id: card.what for card in bought},
        **{card.invoice_id: card.number for card in invoices},
    }
    records = {
        "user": [who.user_id] if who.user_id is not None else [],
        "subscription": [card.subscription_id for card in services],
        "order": [card.order_id for card in bought],
        "invoice": [card.invoice_id for card in invoices],
    }
    return histories.say(audit.happened_to(records, actions=TOLD, limit=SHOWN_LINES), zone=zone, about=about)
