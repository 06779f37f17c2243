"""`/admin/subscriptions`: everything that customers rent. One of them, with its machine, is shown by provisioning."""

from collections.abc import Iterable, Iterator

from flask import request
from flask.typing import ResponseReturnValue

from app.features.audit import service as audit
from app.features.catalogue.cycles import PER
from app.features.subscriptions import slots
from app.features.subscriptions.listing import SUBSCRIPTIONS, Line, plans
from app.features.tenants import service as tenants
from app.kernel import exports, lists, tenancy, words
from app.kernel.access import Role, requires
from app.kernel.exports import Cell
from app.kernel.money import Money
from app.kernel.pages import PageRoutes, page, principal

HERE = SUBSCRIPTIONS.here
STATES = (
    ("", "Any"),
    ("pending", "Waiting for payment"),
    ("setting-up", "Setting up"),
    ("active", "Active"),
    ("ending", "Cancelled, still running"),
    ("suspended", "Suspended"),
    ("cancelled", "Cancelled"),
    ("terminated", "Ended"),
)
EXPORT_HEAD = ("id", "plan", "status", "set up", "customer id", "company", "name", "email", "price", "currency",
               "cycle", "paid until", "ends", "ended", "reference", "ordered")  # fmt: skip

routes = PageRoutes("subscriptions_admin", prefix=HERE)


@routes.get("")
@requires(staff=Role.VIEWER)
def index() -> ResponseReturnValue:
    """All subscriptions, the newest first. Prices are for those who see money."""
    asked = SUBSCRIPTIONS.read(request.args)
    found, total = SUBSCRIPTIONS.page(asked), SUBSCRIPTIONS.count(asked)
    sees_money = (principal().staff_role or Role.VIEWER) >= Role.BILLING
    return page(
        "subscriptions/admin/index.html",
        crumbs=[("Subscriptions", None)],
        asked=asked,
        rows=list(_rows(found.items, sees_money=sees_money)),
        sees_money=sees_money,
        everything=(SUBSCRIPTIONS.count(SUBSCRIPTIONS.read({})) if asked.is_filtered else total).short,
        foot=lists.foot(asked, found, total, "subscription"),
        states=STATES,
        plans=(("", "Any"), *plans()),
        sorts=[(name, sort.label) for name, sort in SUBSCRIPTIONS.sorts.items()],
    )


def _rows(found: Iterable[Line], *, sees_money: bool) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for line in found:
        tone, state = _state(line)
        price = f"{Money(line.price_minor, line.currency).plain} {PER[line.cycle]}" if sees_money else ""
        until = line.ended_at or line.ends_at or line.period_end
        since, exact = words.day(line.created_at, zone), words.exact(line.created_at, zone)
        yield (
            f"{HERE}/{line.id}", line.plan_name, line.external_ref, line.company or line.name, tone, state, price,
            words.day(until, zone) if until else "–", since, exact,
        )  # fmt: skip


def _state(line: Line) -> tuple[str, str]:
    if line.status == "active" and line.set_up_at is None:
        return slots.SETTING_UP
    if line.ends_at is not None and line.ended_at is None:
        return "warn", "Ending"
    return slots.STATES[line.status]


@routes.post("/export")
@requires(staff=Role.BILLING, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """What the list shows, whole, as CSV or XLSX. Logged; read in short reads while it is sent."""
    asked, kind = SUBSCRIPTIONS.read(request.form), request.form.get("as", "csv")
    rows = map(_cells, SUBSCRIPTIONS.export(asked, tenant_id=tenancy.current()))
    answer = exports.send("subscriptions", EXPORT_HEAD, rows, kind=kind)
    said = {"what": "subscriptions", "as": kind}
    audit.record("DATA_EXPORTED", resource_type="subscription", resource_id=None, after=said)
    return answer


def _cells(line: Line) -> tuple[Cell, ...]:
    """In the order of `EXPORT_HEAD`."""
    price = Money(line.price_minor, line.currency).major
    return (
        str(line.id), line.plan_name, line.status, line.set_up_at, str(line.customer_id), line.company, line.name,
        line.email, price, line.currency, line.cycle, line.period_end, line.ends_at, line.ended_at, line.external_ref,
        line.created_at,
    )  # fmt: skip
