"""`/admin/provisioning`: what has to be set up, changed or taken down, and doing it."""

from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

from flask import redirect, request
from flask.typing import ResponseReturnValue

from app.features.accounts.histories import history_of
from app.features.accounts.slots import names_of
from app.features.audit import exporting
from app.features.provisioning import listing, service, slots, timeline, watch
from app.features.provisioning.drivers import label_of
from app.features.provisioning.forms import DoneForm, ReasonForm, SetUpForm, asked_reasons
from app.features.provisioning.listing import ACTS, TABS, TASKS, Line
from app.features.provisioning.models import ACTIVATE, ProvisioningJob
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.asked import Asked
from app.kernel.exports import Cell
from app.kernel.listed import listed
from app.kernel.pages import PageRoutes, is_at_least, page, principal, toast

HERE = TASKS.here
SHOW = "provisioning/admin/show.html"
EXPORT_HEAD = ("id", "what", "plan", "state", "customer id", "company", "name", "driver", "taken by", "problem",
               "wanted", "since", "done")  # fmt: skip
KINDS = (("", "Any"), *ACTS.items())

routes = PageRoutes("provisioning_admin", prefix=HERE)


@routes.get("")
@requires(staff=Role.MEMBER)
def index() -> ResponseReturnValue:
    """What is open, the oldest first; by tabs everything else."""
    asked = TASKS.read({**request.args, "state": request.args.get("state") or "open"})
    waiting = slots.waiting()
    return listed(
        "provisioning/admin/index.html",
        TASKS,
        asked,
        _rows,
        one="task",
        crumbs=[("Set-up tasks", None)],
        is_searched=bool(asked.values["q"] or asked.values["kind"]),
        tabs=list(_tabs(asked, waiting)),
        kinds=KINDS,
        lede=_lede(waiting),
        stuck=words.plural(waiting.stuck, "task is", "tasks are") if waiting.stuck else "",
        stuck_href=f"{HERE}/{watch.longest_stuck()}" if waiting.stuck else "",
        may_export=is_at_least(Role.BILLING),
    )


def _tabs(asked: Asked, waiting: slots.Waiting) -> Iterator[tuple[str, str, bool, str]]:
    for name, (label, states) in TABS.items():
        count = sum(waiting.by_state.get(state, 0) for state in states)
        yield label, asked.href(state=name), asked.values["state"] == name, f"{count:,}" if count else ""


def _lede(waiting: slots.Waiting) -> str:
    if not waiting.tasks:
        return "Nothing waits. What is paid for is set up."
    zone = tenants.current().time_zone
    oldest = f", the oldest since {words.ago(waiting.oldest, zone)}" if waiting.oldest else ""
    return f"{words.plural(waiting.tasks, 'task is', 'tasks are')} open{oldest}."


def _rows(found: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for line in found:
        tone, state = listing.state_of(line.state, is_taken=bool(line.first_name), is_cancelled=bool(line.cancelled_at))
        who = f"{line.first_name or ''} {line.last_name or ''}".strip()
        yield (
            f"{HERE}/{line.id}", listing.title_of(line.kind, line.plan_name), line.company or line.name, tone, state,
            (line.last_error or "") if line.state == "dead" else "", who or "–", label_of(line.driver),
            words.ago(line.created_at, zone), words.exact(line.created_at, zone),
        )  # fmt: skip


@routes.post("/export")
@requires(staff=Role.BILLING, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """What the list shows, whole, as CSV or XLSX. Logged; read in short reads while it is sent."""
    return exporting.export(TASKS, EXPORT_HEAD, _cells, request.form, resource_type="provisioning_job")


def _cells(line: Line) -> tuple[Cell, ...]:
    """In the order of `EXPORT_HEAD`."""
    _tone, state = listing.state_of(line.state, is_taken=bool(line.first_name), is_cancelled=bool(line.cancelled_at))
    who = f"{line.first_name or ''} {line.last_name or ''}".strip()
    return (
        str(line.id), ACTS[line.kind], line.plan_name, state, str(line.customer_id), line.company, line.name,
        line.driver, who, line.last_error or "", line.created_at, line.moved_at, line.done_at,
    )  # fmt: skip


@routes.get("/<uuid:job_id>")
@requires(staff=Role.MEMBER)
def show(job_id: UUID) -> ResponseReturnValue:
    """One task: what is to be done, its steps, and the form that says that it is done."""
    job = service.find(job_id)
    return _shown(job, _form(job))


def _form(job: ProvisioningJob) -> DoneForm:
    return SetUpForm() if job.kind == ACTIVATE else DoneForm()


def _shown(
    job: ProvisioningJob, form: DoneForm, *, refused: ReasonForm | None = None, status: int = 200
) -> ResponseReturnValue:
    zone = tenants.current().time_zone
    subscription, customer = service.about(job)
    tone, state = listing.state_of(
        job.state, is_taken=job.assigned_to is not None, is_cancelled=job.cancelled_at is not None
    )
    title = listing.title_of(job.kind, subscription.plan_name)
    return page(
        SHOW,
        status=status,
        crumbs=[("Set-up tasks", HERE), (title, None)],
        job=job,
        title=title,
        tone=tone,
        state=state,
        lede=f"{customer.title} · wanted {words.ago(job.created_at, zone)}",
        form=form,
        is_set_up=job.kind == ACTIVATE,
        reasons=asked_reasons("failure", "cancellation", refused=refused),
        is_mine=job.assigned_to is not None and job.assigned_to == principal().user_id,
        taken_by=names_of({job.assigned_to}).get(job.assigned_to, "") if job.assigned_to else "",
        taken_since=words.ago(job.assigned_at, zone) if job.assigned_at else "",
        steps=timeline.for_staff(job, zone),
        facts=timeline.facts(job, subscription, customer, zone),
        history=history_of({"provisioning_job": [job.id], "subscription": [job.subscription_id]}, zone=zone),
        may_cancel=is_at_least(Role.ADMIN) and job.state in {"waiting", "kept", "dead"},
    )


@routes.post("/<uuid:job_id>/assignment")
@requires(staff=Role.MEMBER)
def create_assignment(job_id: UUID) -> ResponseReturnValue:
    """Take the task."""
    user_id = principal().user_id
    assert user_id is not None
    service.take(service.find(job_id), user_id)
    toast("good", "The task is yours.")
    return redirect(f"{HERE}/{job_id}", 303)


@routes.post("/<uuid:job_id>/return")
@requires(staff=Role.MEMBER)
def create_return(job_id: UUID) -> ResponseReturnValue:
    """Give the task back."""
    service.release(service.find(job_id))
    toast("info", "The task waits for somebody else.")
    return redirect(f"{HERE}/{job_id}", 303)


@routes.post("/<uuid:job_id>/completion")
@requires(staff=Role.MEMBER)
def create_completion(job_id: UUID) -> ResponseReturnValue:
    """It is done: the customer is told, and finds the way in on their page."""
    job = service.find(job_id)
    form = _form(job)
    if not form.validate_on_submit():
        return _shown(job, form, status=422)
    service.complete(
        job,
        way_in=form.way_in if isinstance(form, SetUpForm) else None,
        reference=(form.reference.data or "").strip(),
        remark=(form.remark.data or "").strip(),
    )
    toast("good", "Done. The customer is told by mail." if job.kind == ACTIVATE else "Done.")
    return redirect(f"{HERE}/{job_id}", 303)


@routes.post("/<uuid:job_id>/failure")
@requires(staff=Role.MEMBER)
def create_failure(job_id: UUID) -> ResponseReturnValue:
    """It cannot be done now, and why."""
    return _because(job_id, "failure", service.fail, "warn", "Given up. Try it again when the reason is gone.")


def _because(job_id: UUID, act: str, verb: Callable[..., None], tone: str, done: str) -> ResponseReturnValue:
    """Do what needs a reason."""
    job, form = service.find(job_id), ReasonForm(act)
    if not form.validate_on_submit():
        return _shown(job, _form(job), refused=form, status=422)
    verb(job, reason=form.reason.data)
    toast(tone, done)
    return redirect(f"{HERE}/{job_id}", 303)


@routes.post("/<uuid:job_id>/retry")
@requires(staff=Role.MEMBER)
def create_retry(job_id: UUID) -> ResponseReturnValue:
    """Set it going again."""
    service.retry(service.find(job_id))
    toast("good", "It goes on where it stopped.")
    return redirect(f"{HERE}/{job_id}", 303)


@routes.post("/<uuid:job_id>/cancellation")
@requires(staff=Role.ADMIN)
def create_cancellation(job_id: UUID) -> ResponseReturnValue:
    """It is not needed any more."""
    return _because(job_id, "cancellation", service.cancel, "good", "The task is off the list.")
