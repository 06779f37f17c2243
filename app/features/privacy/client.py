"""`/client/privacy`: what is held about somebody, to take along, and the wish to be forgotten."""

from uuid import UUID

from flask import Response, redirect
from flask.typing import ResponseReturnValue

from app.features.accounts import service as accounts
from app.features.privacy import service, views
from app.features.privacy.models import CUSTOMER, PERSON
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.pages import PageRoutes, page, principal, toast

routes = PageRoutes("privacy_client", prefix="/client/privacy")

HERE = "/client/privacy"


@routes.get("")
@requires(customer=Role.VIEWER)
def index() -> Response:
    """The person's copies, and what an admin or the owner of the account can ask for besides."""
    who, zone = principal(), tenants.current().time_zone
    assert who.customer_id is not None and who.customer_role is not None
    lines = views.copy_lines(service.copies_for(who), zone=zone, here=HERE)
    wish = service.open_erasure(who.customer_id)
    return page(
        "privacy/client/index.html",
        copies=lines,
        is_moving=views.is_moving(lines),
        may_copy_account=who.customer_role >= Role.ADMIN,
        may_erase=who.customer_role >= Role.OWNER,
        obstacles=service.obstacles(who.customer_id),
        asked=words.day(wish.created_at, zone) if wish else "",
        answered_by=words.day(wish.created_at + service.ANSWERED_WITHIN, zone) if wish else "",
    )


@routes.post("/copies")
@requires(customer=Role.VIEWER, limits=("10/hour",))
def create_copy() -> ResponseReturnValue:
    """Ask for what is held about oneself."""
    who = principal()
    assert who.user_id is not None
    service.ask_copy(who, PERSON, who.user_id)
    return views.begun(HERE)


@routes.post("/account-copies")
@requires(customer=Role.ADMIN, limits=("10/hour",))
def create_account_copy() -> ResponseReturnValue:
    """Ask for everything of the account."""
    who = principal()
    assert who.customer_id is not None
    service.ask_copy(who, CUSTOMER, who.customer_id)
    return views.begun(HERE)


@routes.get("/copies/<uuid:copy_id>")
@requires(customer=Role.VIEWER)
def show_copy(copy_id: UUID) -> Response:
    """Fetch a copy: for whoever asked for it alone, as long as their role still allows it."""
    return views.send(service.find_copy(principal(), copy_id))


@routes.post("/erasures")
@requires(customer=Role.OWNER, limits=("10/hour",))
def create_erasure() -> ResponseReturnValue:
    """Ask that the account and its people be forgotten. Staff look at it."""
    who = principal()
    assert who.customer_id is not None
    service.ask_erasure(who, accounts.find_customer(who, who.customer_id))
    toast("good", "We have got it, and answer within 30 days.")
    return redirect(HERE, 303)
