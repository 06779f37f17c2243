"""`/admin`: the staff's first page, and `/admin/customers/{id}`: a customer with everything."""

from uuid import UUID

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from app.features.accounts import service as accounts
from app.features.accounts.models import Customer
from app.features.dashboard import portrait, ranges, search, service, today
from app.features.tenants import mailing
from app.features.tenants import service as tenants
from app.kernel import db
from app.kernel.access import Role, requires
from app.kernel.pages import PageRoutes, page, principal, toast

routes = PageRoutes("dashboard_admin", prefix="/admin")


@routes.get("")
@requires(staff=Role.VIEWER)
def index() -> Response:
    """What is stuck, the figures of some days, what is waiting, and how the house runs. Amounts from BILLING up."""
    span = ranges.read(request.args, today.today_of(tenants.current().time_zone))
    currency = request.args.get("currency", "")
    seen = today.look(principal(), span, currency=currency, has_mail_server=mailing.has_server())
    return page("dashboard/admin/today.html", today=seen, crumbs=[(seen.date, None)])


@routes.post("/checklist/hiding")
@requires(staff=Role.OWNER, limits=("20/minute",))
def create_checklist_hiding() -> ResponseReturnValue:
    """Put the list of first steps away, for everybody on the staff."""
    service.hide_checklist(principal().user_id)
    toast("good", "The list of first steps is put away.")
    return redirect("/admin", 303)


@routes.get("/search")
@requires(staff=Role.VIEWER, limits=("240/minute",))
def find() -> Response:
    """Records, pages and acts by what is typed; each room leaves out what the role may not see."""
    who = principal()
    found = search.look(request.args.get("q", ""), who.staff_role or Role.VIEWER)
    return page("dashboard/admin/search.html", found=found, crumbs=[("Search", None)])


@routes.get("/customers/<uuid:customer_id>")
@requires(staff=Role.VIEWER)
def show(customer_id: UUID) -> ResponseReturnValue:
    """One customer with everything that the role may see. Amounts and invoices from BILLING up.

    Whoever asks for one that was merged is led to the one that it was merged into.
    """
    customer, aliases = accounts.find_whole(principal(), customer_id)
    if customer.id != customer_id:
        toast("info", f"{db.session().get_one(Customer, customer_id).title} was merged into {customer.title}.")
        return redirect(f"/admin/customers/{customer.id}")
    seen = portrait.of(customer, aliases, principal())
    crumbs = [("Customers", "/admin/customers"), (seen.title, None)]
    return page("dashboard/admin/customer.html", it=seen, crumbs=crumbs)
