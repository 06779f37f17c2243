"""`/api/v1/customers` for staff, `/api/v1/account` for a customer's people."""

from uuid import UUID

from app.features.accounts import by_hand, notes, profile, service
from app.features.accounts.merged import Merged
from app.features.accounts.models import Customer
from app.features.accounts.schemas import (
    AccountChange,
    CustomerChange,
    CustomerIn,
    CustomerOut,
    NoteChange,
    NoteIn,
    NoteOut,
)
from app.features.tenants import service as tenants
from app.kernel.access import Role, requires
from app.kernel.api import ApiRoutes
from app.kernel.errors import NotFound
from app.kernel.pages import principal
from app.kernel.paging import Page, PageQuery

routes = ApiRoutes("customers", prefix="/api/v1/customers", tag="Customers")
own_routes = ApiRoutes("account", prefix="/api/v1/account", tag="Customers")


@routes.get("")
@requires(staff=Role.VIEWER)
def index(query: PageQuery) -> Page[CustomerOut]:
    """List the customers, newest first."""
    found = service.list_customers(cursor=query.cursor, limit=query.limit)
    return found.showing([CustomerOut.of(customer) for customer in found.items])


@routes.post("", status=201, errors=(service.EmailTaken,))
@requires(staff=Role.ADMIN)
def create(body: CustomerIn) -> CustomerOut:
    """Enter a customer with its first person, an OWNER."""
    given = body.model_dump(exclude={"currency"})
    customer, _user = by_hand.enter(currency=body.currency or tenants.current().currency, **given)
    return CustomerOut.of(customer)


@routes.get("/<uuid:customer_id>", errors=(NotFound, Merged))
@requires(staff=Role.VIEWER)
def show(customer_id: UUID) -> CustomerOut:
    """One customer."""
    return CustomerOut.of(_found(customer_id))


@routes.patch("/<uuid:customer_id>", errors=(NotFound, Merged))
@requires(staff=Role.ADMIN)
def update(customer_id: UUID, body: CustomerChange) -> CustomerOut:
    """Put details right. Invoices that are issued keep what they say."""
    customer = _found(customer_id)
    by_hand.change(customer, **body.model_dump(exclude_unset=True))
    return CustomerOut.of(customer)


@routes.get("/<uuid:customer_id>/notes", errors=(NotFound, Merged))
@requires(staff=Role.VIEWER)
def index_notes(customer_id: UUID, query: PageQuery) -> Page[NoteOut]:
    """What the staff tell each other about a customer, newest first."""
    found = notes.find_page(_found(customer_id).id, cursor=query.cursor, limit=query.limit)
    return found.showing([NoteOut.of(note) for note in found.items])


@routes.post("/<uuid:customer_id>/notes", status=201, errors=(NotFound, Merged))
@requires(staff=Role.MEMBER, limits=("120/hour",))
def create_note(customer_id: UUID, body: NoteIn) -> NoteOut:
    """Keep a note."""
    return NoteOut.of(notes.write(_found(customer_id), body.text, who=principal(), is_pinned=body.pinned))


@routes.patch("/<uuid:customer_id>/notes/<uuid:note_id>", errors=(NotFound, notes.NotYours))
@requires(staff=Role.MEMBER, limits=("240/hour",))
def update_note(customer_id: UUID, note_id: UUID, body: NoteChange) -> NoteOut:
    """Put a note of your own (an admin: any) in other words, or pin it."""
    note = notes.find(customer_id, note_id, principal())
    given = body.model_fields_set
    notes.change(
        note, text=body.text if "text" in given else None, is_pinned=body.pinned if "pinned" in given else None
    )
    return NoteOut.of(note)


@routes.delete("/<uuid:customer_id>/notes/<uuid:note_id>", errors=(NotFound, notes.NotYours))
@requires(staff=Role.MEMBER, limits=("240/hour",))
def delete_note(customer_id: UUID, note_id: UUID) -> None:
    """Take a note of your own (an admin: any) away for good."""
    notes.delete(notes.find(customer_id, note_id, principal()))


def _found(customer_id: UUID) -> Customer:
    return service.find_customer(principal(), customer_id)


@own_routes.get("")
@requires(customer=Role.VIEWER)
def show_own() -> CustomerOut:
    """Your own account."""
    return CustomerOut.of(_own())


@own_routes.patch("")
@requires(customer=Role.ADMIN)
def update_own(body: AccountChange) -> CustomerOut:
    """Change contact, address or tax number of your account."""
    customer = _own()
    profile.update_customer(customer, **body.model_dump(exclude_unset=True))
    return CustomerOut.of(customer)


def _own() -> Customer:
    who = principal()
    if who.customer_id is None:
        raise NotFound()
    return service.find_customer(who, who.customer_id)
