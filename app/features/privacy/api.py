"""`/api/v1/privacy`: copies of what is held about the person who is signed in, and of their account."""

from uuid import UUID

from flask import Response

from app.features.privacy import service, views
from app.features.privacy.models import CUSTOMER, PERSON
from app.features.privacy.schemas import CopyIn, CopyOut
from app.kernel.access import Role, signed_in
from app.kernel.api import ApiRoutes
from app.kernel.errors import Conflict, Forbidden, NotFound
from app.kernel.pages import principal

routes = ApiRoutes("privacy", prefix="/api/v1/privacy")


@routes.get("/copies")
@signed_in()
def index() -> list[CopyOut]:
    """List the copies that you asked for and that can still be fetched, the newest first."""
    return [CopyOut.of(copy) for copy in service.copies_for(principal())]


@routes.post("/copies", status=202, errors=(Forbidden, Conflict))
@signed_in(limits=("10/hour",))
def create(body: CopyIn) -> CopyOut:
    """Ask for a copy of what is held about you, or of your account. It is made within seconds to minutes."""
    who = principal()
    assert who.user_id is not None
    if body.of == "me":
        return CopyOut.of(service.ask_copy(who, PERSON, who.user_id))
    if who.customer_id is None or who.customer_role is None or who.customer_role < Role.ADMIN:
        raise Forbidden()
    return CopyOut.of(service.ask_copy(who, CUSTOMER, who.customer_id))


@routes.get("/copies/<uuid:copy_id>", errors=(NotFound,))
@signed_in()
def show(copy_id: UUID) -> CopyOut:
    """How far a copy is."""
    return CopyOut.of(service.find_copy(principal(), copy_id))


@routes.get("/copies/<uuid:copy_id>/file", errors=(NotFound, Conflict))
@signed_in()
def fetch(copy_id: UUID) -> Response:
    """Fetch the zip: JSON files, one for each kind of record."""
    return views.send(service.find_copy(principal(), copy_id))
