"""`/admin/impersonations`: staff see the portal as one of a customer's people."""

from uuid import UUID

from flask.typing import ResponseReturnValue

from app.features.sessions import impersonation
from app.features.sessions.cookies import with_login
from app.kernel.access import Role, requires
from app.kernel.pages import PageRoutes, principal, user_agent

routes = PageRoutes("sessions_admin_impersonations", prefix="/admin/impersonations")


@routes.post("/<uuid:user_id>")
@requires(staff=Role.ADMIN, limits=("60/hour",))
def create(user_id: UUID) -> ResponseReturnValue:
    """See the portal as this person, for at most an hour. Logged; a bar on every page says so."""
    _login, token = impersonation.start(principal(), user_id, user_agent=user_agent())
    return with_login("/client", token)
