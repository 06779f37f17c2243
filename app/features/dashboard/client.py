"""`/client`: a customer's first page."""

from flask import Response

from app.features.dashboard import home
from app.kernel.access import Role, requires
from app.kernel.errors import NotFound
from app.kernel.pages import PageRoutes, page, principal

routes = PageRoutes("dashboard_client", prefix="/client")


@routes.get("")
@requires(customer=Role.VIEWER)
def index() -> Response:
    """What needs doing, the services and where each stands, the invoices, what happened."""
    who = principal()
    if who.customer_id is None:
        raise NotFound()
    return page("dashboard/client/home.html", home=home.of(who, who.customer_id))
