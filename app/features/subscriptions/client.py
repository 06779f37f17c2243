"""`/client/services`: what the customer rents, and where each of it stands. One of them is shown by provisioning."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from flask import Response, request

from app.features.subscriptions import slots
from app.features.subscriptions.models import STATUSES
from app.features.subscriptions.own import SERVICES, Line
from app.features.tenants import service as tenants
from app.kernel.access import Principal, Role, requires
from app.kernel.errors import NotFound
from app.kernel.pages import PageRoutes, page, principal

HOME = SERVICES.here
FILTERS = [("", "Any state"), *((status, slots.STATES[status][1]) for status in STATUSES)]

routes = PageRoutes("subscriptions_client", prefix=HOME)


@routes.get("")
@requires(customer=Role.VIEWER)
def index() -> Response:
    """Everything the account has, newest first."""
    asked = SERVICES.read(request.args)
    found = SERVICES.page(asked, of=_customer_id(principal()))
    return page(
        "subscriptions/client/index.html",
        rows=list(_rows(found.items, sees_money=_sees_money(principal()))),
        state=asked.values["state"],
        states=FILTERS,
        previous_href=asked.href(cursor=found.previous_cursor) if found.previous_cursor else None,
        next_href=asked.href(cursor=found.next_cursor) if found.next_cursor else None,
    )


def _rows(lines: Sequence[Line], *, sees_money: bool) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for line in lines:
        tone, state = slots.state_of(line)
        next_step = slots.next_step(line, zone)
        said = _said(line.price_words if sees_money else "", next_step, sees_money=sees_money)
        yield f"{HOME}/{line.id}", line.plan_name, said, tone, state


def _customer_id(who: Principal) -> UUID:
    if who.customer_id is None:
        raise NotFound()
    return who.customer_id


def _said(price: str, next_step: str, *, sees_money: bool) -> str:
    """`USD 49.90 a year · renews on 20 Nov 2027`; without the price for those who see no money."""
    return f"{price} · {next_step}" if sees_money else next_step[0].upper() + next_step[1:]


def _sees_money(who: Principal) -> bool:
    return (who.customer_role or 0) >= Role.BILLING
