"""`/api/v1/files`: pictures as JSON, for staff."""

from uuid import UUID

from app.features.files import service
from app.features.files.schemas import FileOut, PictureIn
from app.features.files.service import InUse, NoRoom
from app.kernel.access import Role, requires
from app.kernel.api import ApiRoutes
from app.kernel.errors import NotFound
from app.kernel.paging import Page, PageQuery

routes = ApiRoutes("files", prefix="/api/v1/files", tag="Files")

LARGEST_BODY = 7 * 1024 * 1024 + 4096
"""5 MiB in Base64, and the rest."""


@routes.get("")
@requires(staff=Role.MEMBER)
def index(query: PageQuery) -> Page[FileOut]:
    """List the pictures, newest first."""
    found = service.find_page(cursor=query.cursor, limit=query.limit)
    return found.showing([FileOut.of(file) for file in found.items])


@routes.get("/<uuid:file_id>", errors=(NotFound,))
@requires(staff=Role.MEMBER)
def show(file_id: UUID) -> FileOut:
    """One picture."""
    return FileOut.of(service.find(file_id))


@routes.post("", status=201, errors=(NoRoom,), idempotent=False)
@requires(staff=Role.MEMBER, limits=("120/hour",), largest=LARGEST_BODY)
def create(body: PictureIn) -> FileOut:
    """Keep a PNG, JPEG or WebP of up to 5 MiB, without its metadata; the same one again is the one that is there.

    What nothing shows is removed after a day.
    """
    file = service.keep_image(body.body(), name=body.name, purpose=body.purpose, is_public=body.is_public)
    return FileOut.of(file)


@routes.delete("/<uuid:file_id>", errors=(NotFound, InUse))
@requires(staff=Role.MEMBER)
def delete(file_id: UUID) -> None:
    """Remove a picture that nothing shows."""
    service.remove(service.find(file_id))
