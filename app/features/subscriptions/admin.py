"""`/admin/subscriptions`: everything that customers rent. One of them, with its machine, is shown by provisioning."""

from collections.abc import Iterable, Iterator
from functools import partial

from flask import request
from flask.typing import ResponseReturnValue

from app.features.audit import exporting
from app.features.catalogue.cycles import PER
from app.features.subscriptions import slots
from app.features.subscriptions.listing import SUBSCRIPTIONS, Line, plans
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.exports import Cell
from app.kernel.listed import listed
from app.kernel.money import Money
from app.kernel.pages import PageRoutes, is_at_least

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
    sees_money = is_at_least(Role.BILLING)
    return listed(
        "subscriptions/admin/index.html",
        SUBSCRIPTIONS,
        asked,
        partial(_rows, sees_money=sees_money),
        one="subscription",
        crumbs=[("Subscriptions", None)],
        sees_money=sees_money,
        states=STATES,
        plans=(("", "Any"), *plans()),
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
    return exporting.export(SUBSCRIPTIONS, EXPORT_HEAD, _cells, request.form, resource_type="subscription")


def _cells(line: Line) -> tuple[Cell, ...]:
    """In the order of `EXPORT_HEAD`."""
    price = Money(line.price_minor, line.currency).major
    return (
        str(line.id), line.plan_name, line.status, line.set_up_at, str(line.customer_id), line.company, line.name,
        line.email, price, line.currency, line.cycle, line.period_end, line.ends_at, line.ended_at, line.external_ref,
        line.created_at,
    )  # fmt: skip
