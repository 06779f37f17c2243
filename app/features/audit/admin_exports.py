"""`/admin/audit/export`: rows of the log as a file, at once or made in the background. For staff from ADMIN up.

Each taking out is logged. A file made in the background is found by the person who asked for it, and by nobody else.
"""

from uuid import UUID

from flask import Response, g, redirect, request
from flask.typing import ResponseReturnValue

from app.features.audit import listing, prepared
from app.features.audit.files import KINDS, File
from app.features.audit.listing import HERE
from app.features.audit.models import AuditExport
from app.kernel import exports, words
from app.kernel.access import Role, requires
from app.kernel.errors import Conflict
from app.kernel.pages import PageRoutes, page, principal, toast

FILES = f"{HERE}/exports"
STATES = {
    "waiting": ("busy", "Waiting"),
    "leased": ("busy", "Being made"),
    "done": ("good", "Ready"),
    "dead": ("bad", "Failed"),
}

routes = PageRoutes("audit_admin_exports", prefix=HERE)


@routes.post("/export")
@requires(staff=Role.ADMIN, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """What the list shows, whole, at once. Logged; read in short reads while it is sent."""
    asked = listing.read(request.form, zone=g.tenant.time_zone)
    kind = request.form.get("as", "csv")
    prepared.record(kind, asked)
    file = File(asked, kind)
    return exports.attachment(file.parts(), name=file.name, mimetype=file.mimetype)


@routes.get("/exports")
@requires(staff=Role.ADMIN)
def index() -> ResponseReturnValue:
    """The files that I have asked for."""
    zone: str = g.tenant.time_zone
    return page(
        "audit/admin/exports.html",
        crumbs=[("Audit log", HERE), ("Files", None)],
        rows=[
            (
                f"{FILES}/{one.id}",
                KINDS[one.kind][0],
                _about(one),
                *STATES[one.state],
                f"{one.row_count:,}",
                words.ago(one.created_at, zone),
                words.exact(one.created_at, zone),
                words.ago(one.expires_at, zone),
            )
            for one in prepared.of(principal())
        ],
    )


def _about(export: AuditExport) -> str:
    """What it is narrowed to: `action USER_LOGIN, from 2026-11-01`."""
    return ", ".join(f"{name} {said}" for name, said in export.filters.items()) or "everything"


@routes.post("/exports")
@requires(staff=Role.ADMIN, limits=("10/minute",))
def create() -> ResponseReturnValue:
    """Have a file made of what the list shows. Logged."""
    zone = g.tenant.time_zone
    made = prepared.ask(principal(), request.form.get("as", "csv"), listing.read(request.form, zone=zone), zone=zone)
    return redirect(f"{FILES}/{made.id}", 303)


@routes.get("/exports/<uuid:export_id>")
@requires(staff=Role.ADMIN)
def show(export_id: UUID) -> ResponseReturnValue:
    """How far a file is, and the file once it is ready."""
    found = prepared.find(principal(), export_id)
    zone: str = g.tenant.time_zone
    return page(
        "audit/admin/export.html",
        crumbs=[("Audit log", HERE), ("Files", FILES), (KINDS[found.kind][0], None)],
        export=found,
        here=f"{FILES}/{found.id}",
        label=KINDS[found.kind][0],
        about=_about(found),
        state=STATES[found.state],
        rows_said=words.plural(found.row_count, "row"),
        size=words.size(found.byte_count),
        asked_at=words.exact(found.created_at, zone),
        expires=words.exact(found.expires_at, zone),
    )


@routes.get("/exports/<uuid:export_id>/file")
@requires(staff=Role.ADMIN, limits=("30/minute",))
def file(export_id: UUID) -> ResponseReturnValue:
    """The file itself, to the person who asked for it.

    Raises:
        Conflict: it is not ready.
    """
    found = prepared.find(principal(), export_id)
    if found.state != "done":
        raise Conflict("This file is not ready yet.")
    answer: Response = exports.attachment(
        prepared.pieces(found),
        name=f"audit-{found.created_at:%Y-%m-%d}.{found.kind}",
        mimetype=KINDS[found.kind][1],
    )
    answer.content_length = found.byte_count
    return answer


@routes.post("/exports/<uuid:export_id>/removal")
@requires(staff=Role.ADMIN)
def create_removal(export_id: UUID) -> ResponseReturnValue:
    """Take a file away before its day is over."""
    prepared.remove(prepared.find(principal(), export_id))
    toast("good", "The file is gone.")
    return redirect(FILES, 303)
