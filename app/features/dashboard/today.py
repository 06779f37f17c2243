"""The staff's first page: the sentence, the figures, what came last, and how the house runs."""

from dataclasses import dataclass
from datetime import timedelta

from app.features.accounts import slots as accounts
from app.features.billing import slots as billing
from app.features.dashboard import alarms, growth, health
from app.features.dashboard.figures import Alarm, Stat, Step
from app.features.dashboard.growth import Growth
from app.features.dashboard.health import Health
from app.features.messages import slots as messages
from app.features.messages.slots import Mailbag
from app.features.orders import slots as orders
from app.features.tenants import service as tenants
from app.kernel import clock, words
from app.kernel.access import Principal, Role

MESSAGES, CUSTOMERS = "/admin/messages", "/admin/customers"


@dataclass(frozen=True)
class Today:
    """All that `dashboard/admin/today.html` shows."""

    date: str
    sentence: str
    alarms: list[Alarm]
    steps: list[Step]
    """What is left to set up; empty once all is done."""
    stats: list[Stat]
    growth: Growth
    health: Health
    orders: list[tuple[str, ...]]
    customers: list[tuple[str, ...]]
    shows_money: bool
    ops_href: str


def look(who: Principal, *, has_mail_server: bool) -> Today:
    """Read everything for `who`: nine queries with money, eight without."""
    tenant = tenants.current()
    zone, role = tenant.time_zone, who.staff_role or Role.VIEWER
    mail, came = messages.mailbag(), growth.new_customers(zone)
    mail_href = MESSAGES if role >= Role.MEMBER else ""
    runs = health.look(mail, zone=zone, is_operator=tenant.is_operator, mail_href=mail_href)
    total = accounts.customer_count()
    steps = _steps(has_mail_server=has_mail_server, has_customer=total > 0, role=role)
    shows_money = role >= Role.BILLING
    return Today(
        date=f"{clock.now():%A} {words.day(clock.now(), zone)}",
        sentence=alarms.sentence(mail, runs, has_mail_server=has_mail_server),
        alarms=alarms.alarms(mail, runs, mail_href, has_mail_server=has_mail_server),
        steps=[] if all(step.is_done for step in steps) else steps,
        stats=_stats(total, came, mail, mail_href, shows_money=shows_money),
        growth=came,
        health=runs,
        orders=_orders(zone),
        customers=_customers(zone),
        shows_money=shows_money,
        ops_href="/admin/ops" if role >= Role.ADMIN and tenant.is_operator else "",
    )


def _steps(*, has_mail_server: bool, has_customer: bool, role: Role) -> list[Step]:
    """What can be checked: whether mail can leave, and whether anybody has bought yet."""
    mail = Step("A mail server", "Mails go out as soon as they are wanted.", is_done=True)
    if not has_mail_server:
        text = "Set SMTP_URL and restart. Until then mails are kept, and can be read under Messages."
        way = ("Messages", MESSAGES) if role >= Role.MEMBER else ("", "")
        mail = Step(mail.title, text, False, *way)
    first = Step("A first customer", "Your website has sent a sign-up.", is_done=True)
    if not has_customer:
        text = "Your website sends sign-ups with an API key, to POST /api/marketing-api/accounts/create."
        way = ("Make a key", "/admin/api-keys/new") if role >= Role.ADMIN else ("", "")
        first = Step(first.title, text, False, *way)
    return [mail, first]


def _stats(total: int, came: Growth, mail: Mailbag, mail_href: str, *, shows_money: bool) -> list[Stat]:
    since = clock.now() - timedelta(days=growth.DAYS)
    return [
        Stat("Customers", f"{total:,}", f"{came.total} new in {growth.DAYS} days", href=CUSTOMERS),
        Stat("Orders to be paid", f"{orders.waiting_for_payment():,}", _placed(orders.new_orders(since))),
        *(_money_stats() if shows_money else []),
        Stat("Mail waiting", f"{mail.waiting:,}", _mail_detail(mail), "bad" if mail.failed else "", mail_href or None),
    ]


def _placed(count: int) -> str:
    return f"{words.plural(count, 'order')} in {growth.DAYS} days"


def _money_stats() -> list[Stat]:
    """One number per currency: sums of different money do not add up."""
    amounts = billing.open_amounts()
    if not amounts:
        return [Stat("Open invoices", "0", "nothing is owed")]
    stats = []
    for amount in amounts:
        late = f", {amount.overdue:,} overdue" if amount.overdue else ", none overdue"
        label = "Open invoices" if len(amounts) == 1 else f"Open invoices, {amount.total.currency}"
        detail = words.plural(amount.invoices, "invoice") + late
        stats.append(Stat(label, amount.total.sign(), detail, "warn" if amount.overdue else ""))
    return stats


def _mail_detail(mail: Mailbag) -> str:
    parts = [f"{count:,} {word}" for count, word in ((mail.failed, "failed"), (mail.kept, "kept unsent")) if count]
    return ", ".join(parts) or "none failed"


def _orders(zone: str) -> list[tuple[str, ...]]:
    return [
        (
            card.what,
            f"{CUSTOMERS}/{card.customer_id}",
            card.customer,
            card.tone,
            card.state,
            card.total.plain,
            card.placed_at.isoformat(),
            words.ago(card.placed_at, zone),
            words.exact(card.placed_at, zone),
        )
        for card in orders.recent_orders(limit=6)
    ]


def _customers(zone: str) -> list[tuple[str, ...]]:
    return [
        (
            f"{CUSTOMERS}/{customer.id}",
            words.initials(customer.title),
            customer.title,
            customer.email,
            customer.created_at.isoformat(),
            words.ago(customer.created_at, zone),
            words.exact(customer.created_at, zone),
        )
        for customer in accounts.latest_customers(6)
    ]
