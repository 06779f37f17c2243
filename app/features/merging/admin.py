"""`/admin/customers/{id}/merging`: choose the customer that is kept, see what will happen, have it done."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from flask import Response, request
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.accounts import service as accounts
from app.features.accounts.customers import CUSTOMERS, Line
from app.features.accounts.models import Customer
from app.features.merging import service
from app.features.merging.service import Preview
from app.features.people import roles
from app.features.people.models import Invitation
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.errors import Conflict
from app.kernel.pages import PageRoutes, page, principal, toast

routes = PageRoutes("merging_admin", prefix="/admin/customers/<uuid:customer_id>/merging")

CUSTOMERS_HOME = "/admin/customers"
SHOWN = 20


@routes.get("")
@requires(staff=Role.ADMIN, limits=("240/minute",))
def index(customer_id: UUID) -> Response:
    """Look for the customer that is kept."""
    goes = accounts.find_customer(principal(), customer_id)
    text = request.args.get("q", "")
    asked = CUSTOMERS.read({"q": text, "status": "active"})
    found = CUSTOMERS.page(asked, limit=SHOWN + 1).items if asked.text else []
    return page(
        "merging/admin/index.html",
        crumbs=_crumbs(goes),
        goes=goes,
        href=_href(goes),
        text=asked.text,
        rows=list(_rows(goes, found[:SHOWN])),
        has_more=len(found) > SHOWN,
    )


def _href(goes: Customer) -> str:
    return f"{CUSTOMERS_HOME}/{goes.id}/merging"


def _crumbs(goes: Customer) -> list[tuple[str, str | None]]:
    return [("Customers", CUSTOMERS_HOME), (goes.title, f"{CUSTOMERS_HOME}/{goes.id}"), ("Merge", None)]


def _rows(goes: Customer, found: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for line in found:
        if line.id != goes.id:
            title = line.company or line.name
            below = f"{line.name} · {line.email}" if line.company else line.email
            since = f"since {words.day(line.created_at, zone)}"
            yield f"{_href(goes)}/{line.id}", words.initials(title), title, below, since


@routes.get("/<uuid:kept_id>")
@requires(staff=Role.ADMIN)
def show(customer_id: UUID, kept_id: UUID) -> Response:
    """What merging the two would do, and what stands in its way."""
    return _show(*service.find(principal(), customer_id, kept_id))


@routes.post("/<uuid:kept_id>")
@requires(staff=Role.ADMIN, limits=("60/hour",))
def create(customer_id: UUID, kept_id: UUID) -> ResponseReturnValue:
    """Do it. Who goes has to be named."""
    goes, kept = service.find(principal(), customer_id, kept_id)
    if request.form.get("confirm_name", "").strip() != goes.title:
        return _show(goes, kept, problem=f"Type {goes.title} to be sure that it is this one that goes.", status=422)
    try:
        service.merge(goes, kept)
    except Conflict as refusal:
        return _show(goes, kept, problem=refusal.text, status=refusal.status)
    toast("good", f"{goes.title} is part of {kept.title} now.")
    return redirect(f"{CUSTOMERS_HOME}/{kept.id}", 303)


def _show(goes: Customer, kept: Customer, *, problem: str = "", status: int = 200) -> Response:
    seen = service.preview(goes, kept)
    return page(
        "merging/admin/show.html",
        status=status,
        crumbs=_crumbs(goes),
        goes=goes,
        kept=kept,
        href=f"{_href(goes)}/{kept.id}",
        other_href=_href(goes),
        problem=problem,
        obstacles=[one.text for one in seen.obstacles if one.text != problem],
        is_blocked=bool(seen.obstacles),
        is_same=goes.id == kept.id,
        facts=[(_facts(goes), False), (_facts(kept), True)],
        moves=[part.label for part in seen.parts if part.moves],
        stays=[part.label for part in seen.parts if not part.moves],
        credit=seen.credit.plain if seen.credit.minor else "",
        people=[(person.name, person.email, roles.label(person.role)) for person in seen.people],
        invitations=[_asked(invitation, moves, kept) for invitation, moves in seen.invitations],
        differences=_differences(seen),
    )


def _asked(invitation: Invitation, moves: bool, kept: Customer) -> tuple[str, str, str]:
    becomes = f"Invited to {kept.title} then" if moves else f"Withdrawn: invited to {kept.title} already"
    return invitation.email, becomes, roles.label(invitation.granted)


def _facts(customer: Customer) -> list[tuple[str, str]]:
    zone = tenants.current().time_zone
    return [
        ("E-mail", customer.email),
        ("Contact", customer.name),
        ("City", customer.city),
        ("Tax number", customer.tax_number),
        ("Currency", customer.currency),
        ("Since", words.day(customer.created_at, zone)),
    ]


def _differences(seen: Preview) -> list[str]:
    """The details of the one that goes which the kept one has not, or has otherwise: they are kept nowhere in sight."""
    names = {
        "company": "company", "phone": "phone", "address_line": "street", "city": "city", "tax_number": "tax number",
    }  # fmt: skip
    return [
        f"{label} {getattr(seen.goes, name)}"
        for name, label in names.items()
        if getattr(seen.goes, name) and getattr(seen.goes, name) != getattr(seen.kept, name)
    ]
