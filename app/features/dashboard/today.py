"""The staff's first page: the sentence, the figures, what waits and what came last, and how the house runs."""

from dataclasses import dataclass
from datetime import date

from app.features.dashboard import alarms, charts, checklist, daily, health, ranges, service, strip, waiting
from app.features.dashboard.alarms import Watched
from app.features.dashboard.charts import Chart
from app.features.dashboard.checklist import Checklist
from app.features.dashboard.daily import Daily
from app.features.dashboard.figures import Alarm, Stat
from app.features.dashboard.health import Health
from app.features.dashboard.ranges import Range
from app.features.dashboard.waiting import Overdue, Waiting
from app.features.messages import slots as messages
from app.features.orders import slots as orders
from app.features.payments import slots as payments
from app.features.provisioning import slots as provisioning
from app.features.tenants import service as tenants
from app.features.tenants.models import Tenant
from app.features.webhooks import slots as webhooks
from app.kernel import clock, words
from app.kernel.access import Principal, Role

SHOWN_ORDERS = 6
HOME, CUSTOMERS = "/admin", "/admin/customers"


@dataclass(frozen=True)
class Today:
    """All that `dashboard/admin/today.html` shows."""

    date: str
    sentence: str
    alarms: list[Alarm]
    checklist: Checklist
    span: Range
    spans: list[tuple[str, str, str, bool]]
    """Key, label, address and whether it is the present one."""
    currencies: list[tuple[str, str, bool]]
    """The same of currencies, where there are several."""
    currency: str
    stats: list[Stat]
    movements: Chart | None
    """None for those who see no money."""
    revenue: Chart | None
    growth: Chart
    waiting: list[Waiting]
    health: Health
    orders: list[tuple[str, ...]]
    shows_money: bool
    ops_href: str


def look(who: Principal, span: Range, *, currency: str, has_mail_server: bool) -> Today:
    """Read everything for `who`. The number of queries depends on the role alone."""
    tenant, role = tenants.current(), who.staff_role or Role.VIEWER
    zone, shows_money = tenant.time_zone, role >= Role.BILLING
    kept = daily.read(span.before_begin, span.end)
    currency = _currency(kept, currency, tenant.currency)
    late = waiting.overdue(currency) if shows_money else None
    seen = _watch(tenant, role, has_mail_server=has_mail_server)
    has_customer = kept.level(service.CUSTOMERS) > 0
    return Today(
        date=f"{today_of(zone):%A} {words.day(clock.now(), zone)}",
        sentence=alarms.sentence(seen),
        alarms=alarms.alarms(seen),
        checklist=checklist.look(tenant, role, has_mail_server=has_mail_server, has_customer=has_customer),
        span=span,
        spans=_spans(span, currency if shows_money and currency != tenant.currency else ""),
        currencies=_currencies(kept, span, currency) if shows_money else [],
        currency=currency,
        stats=_stats(kept, span, currency, late, seen, zone),
        movements=charts.movements(kept, span, currency) if shows_money else None,
        revenue=charts.revenue(kept, span, currency) if shows_money else None,
        growth=charts.new_customers(kept, span),
        waiting=waiting.listed(seen, late, zone),
        health=seen.runs,
        orders=_sold(zone),
        shows_money=shows_money,
        ops_href="/admin/ops" if role >= Role.ADMIN and tenant.is_operator else "",
    )


def _watch(tenant: Tenant, role: Role, *, has_mail_server: bool) -> Watched:
    mail, tasks, hooks = messages.mailbag(), provisioning.waiting(), webhooks.health()
    runs = health.look(mail, tasks, hooks, zone=tenant.time_zone, is_operator=tenant.is_operator, role=role)
    flagged = payments.flagged() if role >= Role.BILLING else 0
    return Watched(mail, tasks, hooks, runs, has_mail_server, role, flagged)


def today_of(zone: str) -> date:
    """The day it is by the clocks of `zone`."""
    return service.day_of(clock.now(), zone)


def _currency(kept: Daily, asked: str, own: str) -> str:
    """The one asked for, if anything is kept in it; else the house's own, or the first with anything."""
    found = kept.currencies()
    if asked in found:
        return asked
    return own if own in found or not found else found[0]


def _currencies(kept: Daily, span: Range, current: str) -> list[tuple[str, str, bool]]:
    found = kept.currencies()
    return [(one, span.address(HOME, currency=one), one == current) for one in found] if len(found) > 1 else []


def _spans(span: Range, currency: str) -> list[tuple[str, str, str, bool]]:
    return [
        (key, label, ranges.link(HOME, range=key, currency=currency), key == span.key)
        for key, label in ranges.LABELS.items()
    ]


def _stats(kept: Daily, span: Range, currency: str, late: Overdue | None, seen: Watched, zone: str) -> list[Stat]:
    """With money from BILLING up; each currency by itself."""
    services, lost = strip.active_services(kept, span, "/admin/subscriptions"), strip.churn(kept, span)
    if late is None:
        tasks = strip.tasks(seen.tasks, zone, health.TASKS if seen.role >= Role.MEMBER else None)
        return [strip.new_customers(kept, span, CUSTOMERS), services, lost, tasks]
    return [
        strip.revenue(kept, span, currency, "/admin/payments"),
        strip.monthly_revenue(kept, span, currency, "/admin/subscriptions"),
        services,
        lost,
        strip.overdue(late, waiting.LATE),
    ]


def _sold(zone: str) -> list[tuple[str, ...]]:
    """The newest orders. One query."""
    return [
        (
            card.what,
            f"/admin/orders/{card.order_id}",
            card.customer,
            card.tone,
            card.state,
            card.total.plain,
            card.placed_at.isoformat(),
            words.ago(card.placed_at, zone),
            words.exact(card.placed_at, zone),
        )
        for card in orders.recent_orders(limit=SHOWN_ORDERS)
    ]
