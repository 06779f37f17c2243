"""`/admin/audit`: every change, by whom and from where. For staff from ADMIN up: it shows what everybody did."""

from datetime import datetime
from uuid import UUID

from flask import g, request
from flask.typing import ResponseReturnValue

from app.features.audit import figures, finding, listing, reading, seals, telling
from app.features.audit.files import CHOICES
from app.features.audit.listing import HERE
from app.features.audit.said import said
from app.features.audit.telling import Entry
from app.kernel import known, searching, words
from app.kernel.access import Role, requires
from app.kernel.asked import Asked
from app.kernel.pages import PageRoutes, page, principal

FLAGS = (("gdpr", "GDPR"), ("pci", "PCI"))
SEVERITIES = (
    ("", "Any"),
    ("info", "Info and up"),
    ("warning", "Warning and up"),
    ("error", "Error and up"),
    ("critical", "Critical"),
)
MOST_PEOPLE = 20

routes = PageRoutes("audit_admin", prefix=HERE)


def zone() -> str:
    """Whose days and hours are meant: those of the tenant at the door."""
    found: str = g.tenant.time_zone
    return found


def role() -> Role:
    """The role of who is asking; the door has let nobody in who has none."""
    return principal().staff_role or Role.VIEWER


@routes.get("")
@requires(staff=Role.ADMIN)
def index() -> ResponseReturnValue:
    """The log, newest first, with its filters."""
    asked = listing.read(request.args, zone=zone())
    vocabulary = reading.vocabulary()
    by = reading.way_of(asked, known=vocabulary)
    found, total = reading.page(asked, by=by), reading.count(asked, by=by)
    shown = len(found.page.items)
    chosen = set(filter(None, asked.values["action"].split(",")))
    return page(
        "audit/admin/index.html",
        crumbs=[("Audit log", None)],
        asked=asked,
        rows=telling.rows(found.page.items, role=role(), zone=zone()),
        foot=listing.foot(asked, found.page, f"{shown:,} of {total} {'row' if str(total) == '1' else 'rows'}"),
        everything=None if asked.is_filtered else total.short,
        counted_to=_day(total.since),
        looked_back_to=_day(found.looked_back_to),
        groups=telling.grouped(sorted({*vocabulary.actions, *chosen})),
        types=[("", "Any"), *sorted(((one, known.label(one)) for one in vocabulary.types), key=lambda one: one[1])],
        severities=SEVERITIES,
        flags=FLAGS,
        chosen=chosen,
        chips=_chips(asked),
        kinds=CHOICES,
        state=None if asked.is_filtered or asked.cursor else seals.state(zone()),
    )


def _day(moment: datetime | None) -> str:
    return words.exact(moment, zone()) if moment is not None else ""


def _chips(asked: Asked) -> list[tuple[str, str, str]]:
    """Label, value and the address without it of the filters that a link has set: whom, which record, which request."""
    made = []
    said = asked.values
    if said["user"]:
        user_id = UUID(said["user"])
        person = known.find([("user", user_id)], role=role()).get(("user", user_id))
        made.append(("Person", person.name if person else "somebody who has gone", asked.href(user="")))
    if said["id"]:
        kind, row_id = said["type"] or "record", UUID(said["id"])
        record = known.find([(kind, row_id)], role=role()).get((kind, row_id))
        made.append((known.label(kind), record.name if record else said["id"], asked.href(id="", type="")))
    if said["request"]:
        made.append(("Request", said["request"], asked.href(request="")))
    return made


@routes.get("/people")
@requires(staff=Role.ADMIN)
def people() -> ResponseReturnValue:
    """Whom to narrow the log to: people by the beginnings of words of their names and addresses."""
    asked = listing.read(request.args, zone=zone())
    text = searching.clean(request.args.get("find", ""))
    found = searching.record_ids("user", text, limit=MOST_PEOPLE)
    names = known.find([("user", row_id) for row_id in found], role=role())
    return page(
        "audit/admin/people.html",
        crumbs=[("Audit log", HERE), ("Person", None)],
        asked=asked,
        text=text,
        found=sorted((one.name, asked.href(user=str(row_id))) for (_kind, row_id), one in names.items()),
        myself=asked.href(user=str(principal().user_id)),
    )


@routes.get("/figures")
@requires(staff=Role.ADMIN)
def statistics() -> ResponseReturnValue:
    """How much of what is asked for happened when, what it was, and who did it."""
    asked = listing.read(figures.with_range(request.args, zone()), zone=zone())
    return page(
        "audit/admin/figures.html",
        crumbs=[("Audit log", HERE), ("Figures", None)],
        asked=asked,
        back=asked.href(),
        figures=figures.of(asked, zone=zone(), role=role()),
        chips=_chips(asked),
        severities=SEVERITIES,
        flags=FLAGS,
    )


@routes.get("/<uuid:log_id>")
@requires(staff=Role.ADMIN)
def show(log_id: UUID) -> ResponseReturnValue:
    """One row, whole: what changed, from where, by which request, and whether it is sealed."""
    entry = telling.entry(finding.find(log_id), role=role())
    row = entry.row
    return page(
        "audit/admin/show.html",
        crumbs=[("Audit log", HERE), (said(row.action), None)],
        entry=entry,
        title=said(row.action),
        exact=words.exact(row.created_at, zone()),
        severity=telling.SEVERITIES[row.severity],
        links=_links(entry),
        seal=seals.of(row, zone()),
    )


def _links(entry: Entry) -> dict[str, str]:
    """Addresses of the log narrowed to what this row has in common with others."""
    row, everything = entry.row, listing.read({})
    found = {}
    if row.actor_user_id is not None:
        found["who"] = everything.href(user=str(row.actor_user_id))
    if row.resource_id is not None:
        found["what"] = everything.href(type=row.resource_type, id=str(row.resource_id))
    if row.request_id:
        found["request"] = everything.href(request=row.request_id)
    return found
