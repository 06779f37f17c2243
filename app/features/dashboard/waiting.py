"""What waits for somebody on the staff, each with the page where it is seen to."""

from dataclasses import dataclass

import sqlalchemy as sa

from app.features.billing.models import Invoice
from app.features.dashboard.alarms import Watched
from app.kernel import clock, db, words
from app.kernel.access import Role
from app.kernel.money import Money

LATE = "/admin/billing?overdue=1"


@dataclass(frozen=True)
class Overdue:
    """What should have been paid by now, in one currency."""

    total: Money
    invoices: int


@dataclass(frozen=True)
class Waiting:
    """One thing to be seen to."""

    icon: str
    title: str
    text: str
    label: str
    href: str


def overdue(currency: str) -> Overdue:
    """One query over the index of open invoices."""
    row = Invoice
    late = sa.select(sa.func.sum(row.total_minor - row.paid_minor), sa.func.count()).where(
        row.status == "issued", row.currency == currency, row.due_at <= clock.now()
    )
    total, count = db.session().execute(late).one()
    return Overdue(Money(int(total or 0), currency), count)


def listed(seen: Watched, late: Overdue | None, zone: str) -> list[Waiting]:
    """What the person can see to, the most pressing first."""
    mail, tasks, found = seen.mail, seen.tasks, []
    if tasks.tasks and seen.role >= Role.MEMBER:
        oldest = f"Oldest {words.ago(tasks.oldest, zone)}" if tasks.oldest else ""
        text = f"{tasks.stuck:,} stuck. {oldest}" if tasks.stuck else oldest
        title = f"{words.plural(tasks.tasks, 'set-up')} to finish"
        found.append(Waiting("server-2", title, text, "Open", "/admin/provisioning"))
    if late is not None and late.invoices:
        title = f"{words.plural(late.invoices, 'invoice')} overdue"
        found.append(Waiting("receipt", title, f"{late.total.sign()} together", "Look", LATE))
    if seen.flagged and seen.role >= Role.BILLING:
        title = f"{words.plural(seen.flagged, 'payment notice')} that {'does' if seen.flagged == 1 else 'do'} not fit"
        text = "A provider told of money that matches no invoice"
        found.append(Waiting("building-bank", title, text, "Match", "/admin/payments/callbacks"))
    if mail.failed and seen.role >= Role.MEMBER:
        title = f"{words.plural(mail.failed, 'message')} failed"
        text = "Each says what the mail server answered"
        found.append(Waiting("mail-off", title, text, "Look", "/admin/messages?state=failed"))
    if seen.hooks.failed_day and seen.role >= Role.ADMIN:
        title = f"{words.plural(seen.hooks.failed_day, 'delivery', 'deliveries')} failed"
        text = "Given up in the last day"
        found.append(Waiting("plug-connected", title, text, "Look", "/admin/integrations/webhooks"))
    return found
