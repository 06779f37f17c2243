"""`/admin/files`: where editors bring pictures, pasted or dropped."""

from flask import Response, make_response, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.features.files import service
from app.features.files.brought import LARGEST_BODY
from app.features.files.schemas import FileOut
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid, TooLarge
from app.kernel.images import PictureTooLarge
from app.kernel.pages import PageRoutes

routes = PageRoutes("files_admin", prefix="/admin/files")


@routes.post("")
@requires(staff=Role.MEMBER, limits=("120/hour",), largest=LARGEST_BODY)
def create() -> Response:
    """Keep the picture in the field `file`; the answer says what an author writes to show it, and its size."""
    try:
        given = request.files.get("file")
    except RequestEntityTooLarge as found:
        raise TooLarge(PictureTooLarge.text) from found
    if given is None:
        raise Invalid.field("file", "Choose a picture.")
    file = service.keep_image(given.stream.read(LARGEST_BODY), name=given.filename or "")
    return make_response(FileOut.of(file).model_dump(mode="json"), 201)
