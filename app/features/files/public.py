"""`/files/...`: pictures, to be shown in pages and never to act."""

from uuid import UUID

from flask import Response, request

from app.features.files import service
from app.kernel.access import anyone
from app.kernel.pages import PageRoutes, maybe_principal

routes = PageRoutes("files_public", prefix="/files")

ALONE = "default-src 'none'; sandbox"
"""What a picture may do when somebody opens it by itself."""
CACHED = "public, max-age=86400, s-maxage=60, immutable"
"""The bytes at an address never change (another picture has another address), but they may have to go: somebody on a
photo asks for that. So who has seen a picture keeps it for a day, then asks whether it is still there, while caches
that hand it to others ask within a minute, as they do for the pages around it."""


@routes.get("/<uuid:file_id>/<name>")
@anyone()
def show(file_id: UUID, name: str) -> Response:
    """The bytes of one picture of this host's tenant. The id decides; the name is for people.

    It may stand in pages and feeds elsewhere. Once the picture is removed or hidden, this is a 404.
    """
    file, path = service.find_for(maybe_principal(), file_id)
    answer = Response(path.read_bytes(), mimetype=file.media_type)
    answer.set_etag(file.sha256)
    answer.headers["Content-Disposition"] = f"inline; filename={file.name}"
    answer.headers["Content-Security-Policy"] = ALONE
    if file.is_public:
        answer.headers["Cache-Control"] = CACHED
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer.make_conditional(request, accept_ranges=True, complete_length=file.byte_count)
    return answer
