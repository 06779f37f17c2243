"""`/admin/privacy`: wishes to be erased, copies of data, and how long things are kept, for staff."""

from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from app.features.accounts import service as accounts
from app.features.accounts.models import Customer
from app.features.privacy import service, views
from app.features.privacy.forms import KeepingForm, RefusalForm
from app.features.privacy.models import CUSTOMER, PERSON, Erasure
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.errors import Invalid, NotFound
from app.kernel.pages import PageRoutes, page, principal, toast

routes = PageRoutes("privacy_admin", prefix="/admin/privacy")

HERE = "/admin/privacy"


@routes.get("")
@requires(staff=Role.ADMIN)
def index() -> Response:
    """Who wants to be forgotten, the copies that one has asked for, and how long things are kept."""
    return _index(KeepingForm(obj=tenants.current()))


def _index(form: KeepingForm, status: int = 200) -> Response:
    who, zone = principal(), tenants.current().time_zone
    lines = views.copy_lines(service.copies_for(who), zone=zone, here=HERE)
    return page(
        "privacy/admin/index.html",
        status=status,
        crumbs=[("Privacy", None)],
        form=form,
        copies=lines,
        is_moving=views.is_moving(lines),
        may_copy_all=who.staff_role is not None and who.staff_role >= Role.OWNER,
        wishes=[_wish(wish, title, zone) for wish, title in service.erasures()],
    )


def _wish(wish: Erasure, title: str, zone: str) -> tuple[str, ...]:
    tone, state = views.STAGES[wish.stage]
    detail = wish.refusal or wish.last_error or ""
    if wish.stage == "asked":
        detail = f"To be answered by {words.day(wish.created_at + service.ANSWERED_WITHIN, zone)}"
    elif wish.stage == "done":
        detail = f"{words.plural(wish.touched, 'record')}, {words.day(wish.done_at, zone) if wish.done_at else ''}"
    by = "The house's own rule" if wish.asked_by is None else "Asked for"
    when = words.day(wish.created_at, zone)
    return f"{HERE}/customers/{wish.customer_id}", title, f"{by} {when}", tone, state, detail


@routes.post("")
@requires(staff=Role.ADMIN)
def update() -> ResponseReturnValue:
    """Say how long things are kept; the nightly work goes by it."""
    form = KeepingForm()
    if form.validate_on_submit():
        try:
            tenants.change(**form.answers)
        except Invalid as refusal:
            form.blame(refusal)
        else:
            toast("good", "Saved. It counts from tonight.")
            return redirect(HERE, 303)
    return _index(form, 422)


@routes.post("/copies")
@requires(staff=Role.VIEWER, limits=("10/hour",))
def create_own_copy() -> ResponseReturnValue:
    """Ask for what is held about oneself."""
    who = principal()
    assert who.user_id is not None
    service.ask_copy(who, PERSON, who.user_id)
    return views.begun(HERE)


@routes.post("/tenant-copies")
@requires(staff=Role.OWNER, limits=("5/hour",))
def create_tenant_copy() -> ResponseReturnValue:
    """Ask for everything of this tenant."""
    service.whole_tenant(principal())
    return views.begun(HERE)


@routes.get("/copies/<uuid:copy_id>")
@requires(staff=Role.VIEWER)
def show_copy(copy_id: UUID) -> Response:
    """Fetch a copy: for whoever asked for it alone, as long as their role still allows it."""
    return views.send(service.find_copy(principal(), copy_id))


@routes.get("/customers/<uuid:customer_id>")
@requires(staff=Role.ADMIN)
def show(customer_id: UUID) -> Response:
    """What can be done for one customer: a copy, and erasing."""
    return _show(accounts.find_customer(principal(), customer_id))


def _show(customer: Customer, problem: str = "", status: int = 200) -> Response:
    who, zone = principal(), tenants.current().time_zone
    wish = service.open_erasure(customer.id)
    lines = views.copy_lines(
        service.copies_for(who, subject_id=customer.id), zone=zone, here=HERE, what=f"All of {customer.title}"
    )
    tone, state = views.STAGES[wish.stage] if wish else ("", "")
    return page(
        "privacy/admin/show.html",
        status=status,
        crumbs=[
            ("Customers", "/admin/customers"),
            (customer.title, f"/admin/customers/{customer.id}"),
            ("Privacy", None),
        ],
        title=customer.title,
        href=f"{HERE}/customers/{customer.id}",
        copies=lines,
        is_moving=views.is_moving(lines) or (wish is not None and wish.stage == "running"),
        erased=words.exact(customer.erased_at, zone) if customer.erased_at else "",
        wish=wish,
        tone=tone,
        state=state,
        asked=words.day(wish.created_at, zone) if wish else "",
        answered_by=words.day(wish.created_at + service.ANSWERED_WITHIN, zone) if wish else "",
        obstacles=service.obstacles(customer.id),
        problem=problem,
    )


@routes.post("/customers/<uuid:customer_id>/copies")
@requires(staff=Role.ADMIN, limits=("30/hour",))
def create_copy(customer_id: UUID) -> ResponseReturnValue:
    """Ask for everything of a customer."""
    customer = accounts.find_customer(principal(), customer_id)
    service.ask_copy(principal(), CUSTOMER, customer.id)
    return views.begun(f"{HERE}/customers/{customer.id}")


@routes.post("/customers/<uuid:customer_id>/erasures")
@requires(staff=Role.ADMIN, limits=("30/hour",))
def create_erasure(customer_id: UUID) -> ResponseReturnValue:
    """Have a customer erased, or what it has asked for carried out."""
    customer = accounts.find_customer(principal(), customer_id)
    if request.form.get("confirm_name", "").strip() != customer.title:
        return _show(customer, f"Type {customer.title} to be sure that it is this one.", 422)
    wish = service.open_erasure(customer.id)
    if wish is None:
        service.erase_now(principal(), customer)
    else:
        service.approve(principal(), service.find_erasure(wish.id))
    toast("good", "It is being done.")
    return redirect(f"{HERE}/customers/{customer.id}", 303)


@routes.post("/erasures/<uuid:erasure_id>/refusal")
@requires(staff=Role.ADMIN)
def create_refusal(erasure_id: UUID) -> ResponseReturnValue:
    """Say no to a wish, and why."""
    wish, form = service.find_erasure(erasure_id), RefusalForm()
    if wish.customer_id is None:
        raise NotFound()
    if not form.validate_on_submit():
        customer = accounts.find_customer(principal(), wish.customer_id)
        return _show(customer, " ".join(text for texts in form.errors.values() for text in texts), 422)
    service.refuse(principal(), wish, reason=form.reason.data)
    toast("good", "Refused. The reason stands here.")
    return redirect(f"{HERE}/customers/{wish.customer_id}", 303)
