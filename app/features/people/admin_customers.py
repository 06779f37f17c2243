"""`/admin/customers/{id}/people`: a customer's people, for staff."""

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from app.features.accounts import service as accounts
from app.features.people import acts
from app.features.people.circles import Circle, shown
from app.kernel.access import Role, requires
from app.kernel.pages import PageRoutes, page, principal

INDEX, SHOW, INVITE = "people/admin/people.html", "people/admin/person.html", "people/admin/invite_person.html"
ACTS: dict[str, Any] = {"staff": Role.ADMIN, "limits": ("60/hour",)}

routes = PageRoutes("people_admin_customers", prefix="/admin/customers/<uuid:customer_id>/people")


def _opened(customer_id: UUID) -> tuple[Circle, acts.Crumbs]:
    """The customer's people, and the way to them."""
    customer = accounts.find_customer(principal(), customer_id)
    home = f"/admin/customers/{customer.id}"
    here = f"{home}/people"
    return Circle(here, principal(), customer.id, is_closed=not customer.is_active), [
        ("Customers", "/admin/customers"),
        (customer.title, home),
        ("People", here),
    ]


@routes.get("")
@requires(staff=Role.VIEWER)
def index(customer_id: UUID) -> ResponseReturnValue:
    """Everybody of the customer, and who is asked to join; changed from ADMIN up."""
    circle, crumbs = _opened(customer_id)
    return page(INDEX, title=crumbs[1][0], crumbs=[*crumbs[:2], ("People", None)], **shown(circle, request.args))


@routes.get("/invitations/new")
@requires(staff=Role.ADMIN)
def new_invitation(customer_id: UUID) -> ResponseReturnValue:
    """The form for an invitation."""
    circle, crumbs = _opened(customer_id)
    return acts.ask(circle, INVITE, crumbs, title=crumbs[1][0])


@routes.post("/invitations")
@requires(**ACTS)
def create_invitation(customer_id: UUID) -> ResponseReturnValue:
    """Ask somebody to join the customer's account."""
    circle, crumbs = _opened(customer_id)
    return acts.invite(circle, INVITE, crumbs, title=crumbs[1][0])


@routes.post("/invitations/<uuid:invitation_id>/mails")
@requires(**ACTS)
def create_mail(customer_id: UUID, invitation_id: UUID) -> ResponseReturnValue:
    """Mail an invitation again."""
    return acts.resend(_opened(customer_id)[0], invitation_id)


@routes.post("/invitations/<uuid:invitation_id>/withdrawal")
@requires(**ACTS)
def create_withdrawal(customer_id: UUID, invitation_id: UUID) -> ResponseReturnValue:
    """Let nobody in by an invitation any more."""
    return acts.withdraw(_opened(customer_id)[0], invitation_id)


@routes.get("/<uuid:user_id>")
@requires(staff=Role.ADMIN)
def show(customer_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """Somebody of the customer: role, logins, history."""
    circle, crumbs = _opened(customer_id)
    return acts.show(circle, user_id, SHOW, crumbs)


@routes.post("/<uuid:user_id>/role")
@requires(**ACTS)
def update_role(customer_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """Give somebody of the customer another role."""
    circle, crumbs = _opened(customer_id)
    return acts.change_role(circle, user_id, SHOW, crumbs)


@routes.post("/<uuid:user_id>/deactivation")
@requires(**ACTS)
def create_deactivation(customer_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """End somebody's access until it is given back."""
    return acts.deactivate(_opened(customer_id)[0], user_id)


@routes.post("/<uuid:user_id>/reactivation")
@requires(**ACTS)
def create_reactivation(customer_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """Give somebody's access back."""
    return acts.reactivate(_opened(customer_id)[0], user_id)


@routes.post("/<uuid:user_id>/removal")
@requires(**ACTS)
def create_removal(customer_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """Let somebody of the customer go for good."""
    return acts.remove(_opened(customer_id)[0], user_id)


@routes.post("/<uuid:user_id>/password-links")
@requires(**ACTS)
def create_password_link(customer_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """Mail somebody of the customer a link to set a password. Links sent before end."""
    return acts.send_link(_opened(customer_id)[0], user_id)


@routes.post("/<uuid:user_id>/sign-outs")
@requires(**ACTS)
def create_sign_out(customer_id: UUID, user_id: UUID) -> ResponseReturnValue:
    """Sign somebody of the customer out everywhere."""
    return acts.end_logins(_opened(customer_id)[0], user_id)
