"""`/client/security/sessions`: the devices somebody is signed in on, for a customer's people."""

from uuid import UUID

from flask.typing import ResponseReturnValue

from app.features.sessions import sign_outs
from app.features.sessions.listing import device_rows, password_state
from app.kernel.access import Role, requires
from app.kernel.pages import PageRoutes, page, principal

HERE = "/client/security/sessions"

routes = PageRoutes("sessions_client", prefix=HERE)


@routes.get("")
@requires(customer=Role.VIEWER)
def index() -> ResponseReturnValue:
    """Where this person is signed in."""
    who = principal()
    return page("sessions/client/index.html", rows=device_rows(who), password_state=password_state(who))


@routes.post("/<uuid:session_id>/end")
@requires(customer=Role.VIEWER)
def end(session_id: UUID) -> ResponseReturnValue:
    """End one login; ending the present one signs out."""
    return sign_outs.one(session_id, here=HERE)


@routes.post("/others/end")
@requires(customer=Role.VIEWER)
def end_others() -> ResponseReturnValue:
    """Log out everywhere else."""
    return sign_outs.others(here=HERE)
