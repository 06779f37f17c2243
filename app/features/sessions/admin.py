"""`/admin/security/sessions`: the devices somebody is signed in on, for staff."""

from uuid import UUID

from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.sessions import service
from app.features.sessions.listing import device_rows, password_state
from app.kernel.access import Role, requires
from app.kernel.pages import PageRoutes, page, principal, toast
from app.kernel.words import plural

HERE = "/admin/security/sessions"

routes = PageRoutes("sessions_admin", prefix=HERE)


@routes.get("")
@requires(staff=Role.VIEWER)
def index() -> ResponseReturnValue:
    """Where this person is signed in."""
    who = principal()
    rows, crumbs = device_rows(who), [("Your sign-ins", None)]
    return page("sessions/admin/index.html", rows=rows, password_state=password_state(who), crumbs=crumbs)


@routes.post("/<uuid:session_id>/end")
@requires(staff=Role.VIEWER)
def end(session_id: UUID) -> ResponseReturnValue:
    """End one login; ending the present one signs out."""
    login = service.find(principal(), session_id)
    service.end(login)
    toast("good", f"{login.device} is signed out.")
    return redirect(HERE, 303)


@routes.post("/others/end")
@requires(staff=Role.VIEWER)
def end_others() -> ResponseReturnValue:
    """Log out everywhere else."""
    count = service.end_others(principal())
    toast("good", f"{plural(count, 'other device')} signed out." if count else "You are signed in nowhere else.")
    return redirect(HERE, 303)
