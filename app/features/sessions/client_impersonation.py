"""`/client/impersonation`: the way back for staff who see the portal as somebody."""

from flask.typing import ResponseReturnValue

from app.features.sessions import impersonation
from app.features.sessions.cookies import with_login
from app.kernel.access import Role, requires
from app.kernel.pages import PageRoutes, principal, toast

routes = PageRoutes("sessions_client_impersonation", prefix="/client/impersonation")


@routes.post("/end")
@requires(customer=Role.VIEWER, impersonated=True)
def end() -> ResponseReturnValue:
    """Back to the customer's page, as oneself, under a new token."""
    who = principal()
    token = impersonation.end(who)
    toast("good", f"You are yourself again, {who.impersonator_name}.")
    return with_login(f"/admin/customers/{who.customer_id}", token)
