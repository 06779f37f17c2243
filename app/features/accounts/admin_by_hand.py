"""`/admin/customers/new`, and a customer's details and notes: what staff write by hand."""

from uuid import UUID

from flask import Response, request
from flask.typing import ResponseReturnValue
from werkzeug.utils import redirect

from app.features.accounts import by_hand, noted, notes, service
from app.features.accounts.forms import DetailsForm, NewCustomerForm, NoteForm
from app.features.accounts.models import Customer, CustomerNote
from app.features.tenants import service as tenants
from app.kernel.access import Role, requires
from app.kernel.errors import Conflict, Invalid
from app.kernel.pages import PageRoutes, page, principal, toast

HERE = "/admin/customers"

routes = PageRoutes("accounts_admin_by_hand", prefix=HERE)


@routes.get("/new")
@requires(staff=Role.ADMIN)
def new() -> Response:
    """An empty form."""
    return _form(NewCustomerForm(formdata=None, currency=tenants.current().currency, sends_link=True))


@routes.post("/new")
@requires(staff=Role.ADMIN, limits=("120/hour",))
def create() -> ResponseReturnValue:
    """Enter a customer with its first person."""
    form = NewCustomerForm()
    if form.validate_on_submit():
        try:
            customer, user = by_hand.enter(**form.answers)
        except (Invalid, Conflict) as refusal:
            form.blame(refusal)
        else:
            sent = f" A welcome is on its way to {user.email}." if form.sends_link.data else ""
            toast("good", f"{customer.title} is entered.{sent}")
            return redirect(f"{HERE}/{customer.id}", 303)
    return _form(form, status=422)


def _form(form: NewCustomerForm, *, status: int = 200) -> Response:
    crumbs = [("Customers", HERE), ("New customer", None)]
    return page("accounts/admin/new.html", status=status, form=form, crumbs=crumbs)


@routes.get("/<uuid:customer_id>/details")
@requires(staff=Role.ADMIN)
def edit(customer_id: UUID) -> Response:
    """The details, to put right."""
    customer = service.find_customer(principal(), customer_id)
    return _details(customer, DetailsForm(formdata=None, obj=customer))


@routes.post("/<uuid:customer_id>/details")
@requires(staff=Role.ADMIN, limits=("240/hour",))
def update(customer_id: UUID) -> ResponseReturnValue:
    """Put the details right. Invoices that are issued keep what they say."""
    customer, form = service.find_customer(principal(), customer_id), DetailsForm()
    if form.validate_on_submit():
        try:
            by_hand.change(customer, **form.answers)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", "Saved.")
            return redirect(f"{HERE}/{customer.id}", 303)
    return _details(customer, form, status=422)


def _details(customer: Customer, form: DetailsForm, *, status: int = 200) -> Response:
    return page(
        "accounts/admin/details.html",
        status=status,
        form=form,
        customer=customer,
        crumbs=[("Customers", HERE), (customer.title, f"{HERE}/{customer.id}"), ("Details", None)],
    )


@routes.post("/<uuid:customer_id>/reopening")
@requires(staff=Role.ADMIN, limits=("60/hour",))
def create_reopening(customer_id: UUID) -> ResponseReturnValue:
    """Let the people of a closed account in again."""
    customer = service.find_customer(principal(), customer_id)
    by_hand.reopen(customer)
    toast("good", f"{customer.title} is open again.")
    return redirect(f"{HERE}/{customer.id}", 303)


@routes.get("/<uuid:customer_id>/notes")
@requires(staff=Role.VIEWER)
def index_notes(customer_id: UUID) -> Response:
    """All notes, page by page."""
    customer = service.find_customer(principal(), customer_id)
    found = notes.all_of(customer.id, principal(), cursor=request.args.get("cursor"))
    return page(
        "accounts/admin/notes.html",
        title=customer.title,
        notes=noted.told(found.items, tenants.current().time_zone),
        previous_href=f"?cursor={found.previous_cursor}" if found.previous_cursor else None,
        next_href=f"?cursor={found.next_cursor}" if found.next_cursor else None,
        crumbs=[("Customers", HERE), (customer.title, f"{HERE}/{customer.id}"), ("Notes", None)],
    )


@routes.post("/<uuid:customer_id>/notes")
@requires(staff=Role.MEMBER, limits=("120/hour",))
def create_note(customer_id: UUID) -> ResponseReturnValue:
    """Keep a note that colleagues read."""
    customer, form = service.find_customer(principal(), customer_id), NoteForm()
    if form.validate_on_submit():
        try:
            notes.write(customer, form.text.data, who=principal(), is_pinned=form.is_pinned.data)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", "The note is kept.")
            return redirect(f"{HERE}/{customer.id}#notes", 303)
    return _note(customer, form, status=422)


@routes.get("/<uuid:customer_id>/notes/<uuid:note_id>")
@requires(staff=Role.MEMBER)
def edit_note(customer_id: UUID, note_id: UUID) -> Response:
    """A note of one's own (an admin's: any), to change."""
    note = notes.find(customer_id, note_id, principal())
    customer = service.find_customer(principal(), customer_id)
    return _note(customer, NoteForm(formdata=None, text=note.text, is_pinned=note.pinned_at is not None), note)


@routes.post("/<uuid:customer_id>/notes/<uuid:note_id>")
@requires(staff=Role.MEMBER, limits=("240/hour",))
def update_note(customer_id: UUID, note_id: UUID) -> ResponseReturnValue:
    """Put a note in other words, or pin it."""
    note = notes.find(customer_id, note_id, principal())
    customer, form = service.find_customer(principal(), customer_id), NoteForm()
    if form.validate_on_submit():
        try:
            notes.change(note, text=form.text.data, is_pinned=form.is_pinned.data)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", "Saved.")
            return redirect(f"{HERE}/{customer.id}#notes", 303)
    return _note(customer, form, note, status=422)


@routes.post("/<uuid:customer_id>/notes/<uuid:note_id>/deletion")
@requires(staff=Role.MEMBER, limits=("240/hour",))
def delete_note(customer_id: UUID, note_id: UUID) -> ResponseReturnValue:
    """Take a note away for good."""
    notes.delete(notes.find(customer_id, note_id, principal()))
    toast("good", "The note is deleted.")
    return redirect(f"{HERE}/{customer_id}#notes", 303)


def _note(customer: Customer, form: NoteForm, note: CustomerNote | None = None, *, status: int = 200) -> Response:
    return page(
        "accounts/admin/note.html",
        status=status,
        form=form,
        customer=customer,
        note=note,
        crumbs=[("Customers", HERE), (customer.title, f"{HERE}/{customer.id}"), ("Note", None)],
    )
