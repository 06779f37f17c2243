"""`/client/services`: what the customer rents, and where each of it stands. One of them is shown by provisioning."""

from urllib.parse import urlencode
from uuid import UUID

from flask import Response, request

from app.features.subscriptions import service, slots
from app.features.subscriptions.models import STATUSES
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
        _customer_id(principal()), status=status or None, cursor=request.args.get("cursor"), limit=50
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


def _said(price: str, next_step: str, *, sees_money: bool) -> str:
    """`USD 49.90 a year · renews on 20 Nov 2027`; without the price for those who see no money."""
    return f"{price} · {next_step}" if sees_money else next_step[0].upper() + next_step[1:]


def _sees_money(who: Principal) -> bool:
    return (who.customer_role or 0) >= Role.BILLING
