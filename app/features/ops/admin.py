"""`/admin/ops`: what runs, what waits, what is scheduled. For the staff of whoever runs the installation."""

from flask import current_app, redirect
from flask.typing import ResponseReturnValue

from app.features.ops import isolation, picture
from app.features.tenants import service as tenants
from app.kernel import routemap, schedule
from app.kernel.access import Role, requires
from app.kernel.errors import NotFound
from app.kernel.pages import PageRoutes, page, toast

routes = PageRoutes("ops_admin", prefix="/admin/ops")


@routes.get("")
@requires(staff=Role.ADMIN)
def index() -> ResponseReturnValue:
    """Processes, queues, schedules, versions."""
    tenants.only_the_operator()
    crumbs = [("Operations", None)]
    return page("ops/admin/index.html", crumbs=crumbs, ops=picture.look(tenants.current().time_zone))


@routes.get("/isolation")
@requires(staff=Role.ADMIN)
def show_isolation() -> ResponseReturnValue:
    """What the last checks of the walls between tenants found."""
    tenants.only_the_operator()
    runs = isolation.latest()
    is_stale = bool(runs) and runs[0].fingerprint != routemap.fingerprint(current_app)
    return page(
        "ops/admin/isolation.html",
        crumbs=[("Operations", "/admin/ops"), ("Isolation", None)],
        runs=runs,
        is_stale=is_stale,
        zone=tenants.current().time_zone,
    )


@routes.post("/schedules/<name>/runs")
@requires(staff=Role.ADMIN, limits=("20/minute",))
def create_run(name: str) -> ResponseReturnValue:
    """Have scheduled work done now: a worker takes it up within a second or two."""
    tenants.only_the_operator()
    work = schedule.hasten(name)
    if work is None:
        raise NotFound()
    toast("good", f"{work.words} starts within two seconds.")
    return redirect("/admin/ops#schedules", 303)
