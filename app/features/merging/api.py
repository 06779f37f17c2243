"""`/api/v1/customers/{id}/merge`: what merging two customers would do, and doing it, for staff."""

from uuid import UUID

from app.features.accounts.merged import Merged
from app.features.accounts.schemas import CustomerOut
from app.features.merging import service
from app.features.merging.schemas import MergeIn, MergePreviewOut, MergeQuery
from app.kernel.access import Role, requires
from app.kernel.api import ApiRoutes
from app.kernel.errors import NotFound
from app.kernel.pages import principal

routes = ApiRoutes("merging", prefix="/api/v1/customers/<uuid:customer_id>/merge", tag="Customers")


@routes.get("", errors=(NotFound, Merged))
@requires(staff=Role.ADMIN)
def show(customer_id: UUID, query: MergeQuery) -> MergePreviewOut:
    """Say what merging would do. Nothing is changed."""
    return MergePreviewOut.of(service.preview(*service.find(principal(), customer_id, query.kept_id)))


@routes.post("", errors=(NotFound, Merged))
@requires(staff=Role.ADMIN, limits=("60/hour",))
def create(customer_id: UUID, body: MergeIn) -> CustomerOut:
    """Make the customer part of the kept one, which is the answer. It cannot be undone."""
    goes, kept = service.find(principal(), customer_id, body.kept_id)
    return CustomerOut.of(service.merge(goes, kept))
