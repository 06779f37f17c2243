"""`/api/sessions`: a person's own logins, and figures for staff."""

from uuid import UUID

from app.features.sessions import figures, service
from app.features.sessions.schemas import EndedOut, SessionOut, StatsOut
from app.kernel.access import Role, requires, signed_in
from app.kernel.api import ApiRoutes
from app.kernel.errors import NotFound
from app.kernel.pages import principal

routes = ApiRoutes("sessions", prefix="/api/sessions")


@routes.get("")
@signed_in()
def index() -> list[SessionOut]:
    """List the devices you are signed in on, the present one first."""
    who = principal()
    return [SessionOut.of(login, who) for login in service.list_for(who)]


@routes.delete("/<uuid:session_id>", errors=(NotFound,))
@signed_in()
def end(session_id: UUID) -> None:
    """End one of your logins. Ending the present one signs you out."""
    service.end(service.find(principal(), session_id))


@routes.delete("/all/except-current")
@signed_in()
def end_others() -> EndedOut:
    """Log out everywhere else."""
    return EndedOut(ended=service.end_others(principal()))


@routes.get("/admin/stats")
@requires(staff=Role.ADMIN)
def stats() -> StatsOut:
    """How many people are signed in now, and on what."""
    return StatsOut(**figures.stats())
