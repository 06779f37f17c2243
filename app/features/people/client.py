"""`/client/people`: who belongs to the customer's account."""

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from app.features.accounts import members
from app.features.accounts import service as accounts
from app.features.people import acts, portrait
from app.features.people.circles import Circle, shown
from app.features.sessions.cookies import without_login
from app.kernel.access import Role, requires
from app.kernel.errors import NotFound
from app.kernel.pages import PageRoutes, page, principal, toast

HERE = "/client/people"
INDEX, SHOW, INVITE = "people/client/index.html", "people/client/show.html", "people/client/invite.html"
CRUMBS: acts.Crumbs = [("People", HERE)]
ACTS: dict[str, Any] = {"customer": Role.ADMIN, "limits": ("60/hour",)}

routes = PageRoutes("people_client", prefix=HERE)


def _mine() -> Circle:
    who = principal()
    if who.customer_id is None:
        raise NotFound()
    return Circle(HERE, who, who.customer_id)


@routes.get("")
@requires(customer=Role.VIEWER)
def index() -> ResponseReturnValue:
    """Everybody of the account; changed from ADMIN up. Who is asked to join is for those to see as well."""
    circle = _mine()
    own = accounts.find_user(circle.who.user_id) if circle.who.user_id else None
    return page(
        INDEX,
        account=circle.who.customer_name,
        may_leave=own is not None and not portrait.is_last_owner(own),
        **shown(circle, request.args),
    )


@routes.post("/departure")
@requires(customer=Role.VIEWER, limits=("10/hour",))
def create_departure() -> ResponseReturnValue:
    """Leave the account of one's own accord."""
    members.leave(principal())
    toast("good", "You have left the account. Your sign-in is gone.")
    return without_login("/sign-in")


@routes.get("/invitations/new")
@requires(customer=Role.ADMIN)
def new_invitation() -> ResponseReturnValue:
    """The form for an invitation."""
    return acts.ask(_mine(), INVITE, CRUMBS)


@routes.post("/invitations")
@requires(**ACTS)
def create_invitation() -> ResponseReturnValue:
    """Ask somebody to join the account."""
    return acts.invite(_mine(), INVITE, CRUMBS)


@routes.post("/invitations/<uuid:invitation_id>/mails")
@requires(**ACTS)
def create_mail(invitation_id: UUID) -> ResponseReturnValue:
    """Mail an invitation again."""
    return acts.resend(_mine(), invitation_id)


@routes.post("/invitations/<uuid:invitation_id>/withdrawal")
@requires(**ACTS)
def create_withdrawal(invitation_id: UUID) -> ResponseReturnValue:
    """Let nobody in by an invitation any more."""
    return acts.withdraw(_mine(), invitation_id)


@routes.get("/<uuid:user_id>")
@requires(customer=Role.ADMIN)
def show(user_id: UUID) -> ResponseReturnValue:
    """Somebody of the account."""
    return acts.show(_mine(), user_id, SHOW, CRUMBS)


@routes.post("/<uuid:user_id>/role")
@requires(**ACTS)
def update_role(user_id: UUID) -> ResponseReturnValue:
    """Give somebody of the account another role."""
    return acts.change_role(_mine(), user_id, SHOW, CRUMBS)


@routes.post("/<uuid:user_id>/deactivation")
@requires(**ACTS)
def create_deactivation(user_id: UUID) -> ResponseReturnValue:
    """End somebody's access until it is given back."""
    return acts.deactivate(_mine(), user_id)


@routes.post("/<uuid:user_id>/reactivation")
@requires(**ACTS)
def create_reactivation(user_id: UUID) -> ResponseReturnValue:
    """Give somebody's access back."""
    return acts.reactivate(_mine(), user_id)


@routes.post("/<uuid:user_id>/removal")
@requires(**ACTS)
def create_removal(user_id: UUID) -> ResponseReturnValue:
    """Let somebody go for good."""
    return acts.remove(_mine(), user_id)
