"""`/admin/staff`: who works here."""

from typing import Any
from uuid import UUID

from flask import request
from flask.typing import ResponseReturnValue

from app.features.audit import exporting
from app.features.people import acts
from app.features.people.circles import Circle, shown
from app.features.people.listing import STAFF, Person
from app.kernel.access import Role, requires
from app.kernel.exports import Cell
from app.kernel.pages import PageRoutes, page, principal

HERE = STAFF.here
INDEX, SHOW, INVITE = "people/admin/index.html", "people/admin/show.html", "people/admin/invite.html"
EXPORT_HEAD = ("id", "name", "email", "role", "state", "last signed in", "here since")
CRUMBS: acts.Crumbs = [("Staff", HERE)]
ACTS: dict[str, Any] = {"staff": Role.ADMIN, "limits": ("60/hour",)}

routes = PageRoutes("people_admin", prefix=HERE)


def _staff() -> Circle:
    return Circle(HERE, principal(), None, "member of staff", "members of staff")


@routes.get("")
@requires(staff=Role.ADMIN)
def index() -> ResponseReturnValue:
    """Everybody who works here, and who is asked to."""
    return page(INDEX, crumbs=[("Staff", None)], **shown(_staff(), request.args))


@routes.post("/export")
@requires(staff=Role.ADMIN, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """What the list shows, whole, as CSV or XLSX. Logged."""
    return exporting.export(STAFF, EXPORT_HEAD, _cells, request.form, resource_type="user")


def _cells(one: Person) -> tuple[Cell, ...]:
    state = "deactivated" if one.disabled_at else "active"
    return str(one.id), one.name, one.email, one.role.name.lower(), state, one.last_sign_in_at, one.created_at


@routes.get("/invitations/new")
@requires(staff=Role.ADMIN)
def new_invitation() -> ResponseReturnValue:
    """The form for an invitation."""
    return acts.ask(_staff(), INVITE, CRUMBS)


@routes.post("/invitations")
@requires(**ACTS)
def create_invitation() -> ResponseReturnValue:
    """Ask somebody to work here."""
    return acts.invite(_staff(), INVITE, CRUMBS)


@routes.post("/invitations/<uuid:invitation_id>/mails")
@requires(**ACTS)
def create_mail(invitation_id: UUID) -> ResponseReturnValue:
    """Mail an invitation again."""
    return acts.resend(_staff(), invitation_id)


@routes.post("/invitations/<uuid:invitation_id>/withdrawal")
@requires(**ACTS)
def create_withdrawal(invitation_id: UUID) -> ResponseReturnValue:
    """Let nobody in by an invitation any more."""
    return acts.withdraw(_staff(), invitation_id)


@routes.get("/<uuid:user_id>")
@requires(staff=Role.ADMIN)
def show(user_id: UUID) -> ResponseReturnValue:
    """Somebody who works here: role, logins, history."""
    return acts.show(_staff(), user_id, SHOW, CRUMBS)


@routes.post("/<uuid:user_id>/role")
@requires(**ACTS)
def update_role(user_id: UUID) -> ResponseReturnValue:
    """Give a colleague another role."""
    return acts.change_role(_staff(), user_id, SHOW, CRUMBS)


@routes.post("/<uuid:user_id>/deactivation")
@requires(**ACTS)
def create_deactivation(user_id: UUID) -> ResponseReturnValue:
    """End a colleague's access until it is given back."""
    return acts.deactivate(_staff(), user_id)


@routes.post("/<uuid:user_id>/reactivation")
@requires(**ACTS)
def create_reactivation(user_id: UUID) -> ResponseReturnValue:
    """Give a colleague's access back."""
    return acts.reactivate(_staff(), user_id)


@routes.post("/<uuid:user_id>/removal")
@requires(**ACTS)
def create_removal(user_id: UUID) -> ResponseReturnValue:
    """Let a colleague go for good."""
    return acts.remove(_staff(), user_id)


@routes.post("/<uuid:user_id>/password-links")
@requires(**ACTS)
def create_password_link(user_id: UUID) -> ResponseReturnValue:
    """Mail a colleague a link to set a password."""
    return acts.send_link(_staff(), user_id)


@routes.post("/<uuid:user_id>/sign-outs")
@requires(**ACTS)
def create_sign_out(user_id: UUID) -> ResponseReturnValue:
    """Sign a colleague out everywhere."""
    return acts.end_logins(_staff(), user_id)
