"""`/api/admin/audit`: the log for programs of staff who are signed in, from ADMIN up."""

from uuid import UUID

from flask import Response, g

from app.features.audit import finding, listing, personals, prepared, reading, telling
from app.features.audit.files import File
from app.features.audit.schemas import ExportQuery, LogQuery, RowOut, WholeRowOut
from app.kernel import exports, known
from app.kernel.access import Role, requires
from app.kernel.api import ApiRoutes
from app.kernel.errors import NotFound
from app.kernel.pages import principal
from app.kernel.paging import BadCursor, Page

routes = ApiRoutes("audit", prefix="/api/admin/audit", tag="Audit log")


@routes.get("", errors=(BadCursor,))
@requires(staff=Role.ADMIN)
def index(query: LogQuery) -> Page[RowOut]:
    """List the log, newest first.

    Rows of long logs are looked for as far as one answer may cost: an answer with fewer rows than its limit, or with
    none, and a `next_cursor` is not the end.
    """
    asked = listing.read({**query.said(), "cursor": query.cursor or ""}, zone=g.tenant.time_zone)
    found = reading.page(asked, limit=query.limit).page
    read = personals.read(found.items)
    staff = {("user", line.impersonator_user_id) for line in found.items if line.impersonator_user_id is not None}
    names = known.find(staff, role=principal().staff_role or Role.VIEWER)
    lines = [RowOut.of(line, read[line.id], telling.through(line, read[line.id], names)) for line in found.items]
    return found.showing(lines)


@routes.get("/<uuid:log_id>", errors=(NotFound,))
@requires(staff=Role.ADMIN)
def show(log_id: UUID) -> WholeRowOut:
    """Read one row: what was before and after, from where. Secrets are masked."""
    return WholeRowOut.whole(telling.entry(finding.find(log_id), role=principal().staff_role or Role.VIEWER))


@routes.post("/export", idempotent=False)
@requires(staff=Role.ADMIN, limits=("10/minute",))
def export(query: ExportQuery) -> Response:
    """Take the rows out as a file, CSV or JSON, newest first.

    It is sent while it is read. Its last line says whether it is complete, and how many rows it has. Logged.
    """
    asked = listing.read(query.said(), zone=g.tenant.time_zone)
    prepared.record(query.kind, asked)
    file = File(asked, query.kind)
    return exports.attachment(file.parts(), name=file.name, mimetype=file.mimetype)
