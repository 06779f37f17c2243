"""The brand's stylesheet, at an address with its content hash, so that it is cached for ever."""

from flask import Response

from app.features.branding import service
from app.kernel.access import anyone
from app.kernel.errors import NotFound
from app.kernel.pages import PageRoutes

routes = PageRoutes("branding_public", prefix="/brand")


@routes.get("/<name>.css")
@anyone(always=True)
def stylesheet(name: str) -> Response:
    """The stylesheet of this host's tenant; a hash that is not its present one is not found."""
    present, text = service.stylesheet()
    if name != present:
        raise NotFound()
    answer = Response(text, mimetype="text/css")
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    answer.set_etag(present)
    return answer
