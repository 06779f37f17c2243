"""`/admin/subscriptions/{id}`: one service with its machine, and what staff can do with it."""

from collections.abc import Callable
from uuid import UUID

from flask import redirect
from flask.typing import ResponseReturnValue

from app.features.accounts import service as accounts
from app.features.accounts.histories import history_of
from app.features.billing import slots as billing
from app.features.billing.slots import InvoiceCard
from app.features.orders import cancelling
from app.features.provisioning import access, slots, timeline
from app.features.provisioning.forms import PlanForm, ReasonForm, asked_reasons
from app.features.subscriptions import listing
from app.features.subscriptions import service as subscriptions
from app.features.subscriptions import slots as services
from app.features.subscriptions.models import Subscription
from app.features.subscriptions.service import Service
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.pages import PageRoutes, page, principal, toast

HERE = "/admin/subscriptions"
SHOW = "provisioning/admin/subscription.html"

routes = PageRoutes("provisioning_admin_subscriptions", prefix=HERE)


@routes.get("/<uuid:subscription_id>")
@requires(staff=Role.VIEWER)
def show(subscription_id: UUID) -> ResponseReturnValue:
    """One service: what it is, how it stands, what was done on its machine, what happened."""
    return _shown(subscriptions.find(principal(), subscription_id))


def _shown(
    found: Service, *, refused: ReasonForm | None = None, plan: PlanForm | None = None, status: int = 200
) -> ResponseReturnValue:
    subscription, zone = found.subscription, tenants.current().time_zone
    role = principal().staff_role or Role.VIEWER
    customer = accounts.find_customer(principal(), subscription.customer_id)
    tone, state = services.state_of(subscription)
    sees_money = role >= Role.BILLING
    said = f"{subscription.price_words} · " if sees_money else ""
    return page(
        SHOW,
        status=status,
        crumbs=[("Subscriptions", HERE), (subscription.plan_name, None)],
        subscription=subscription,
        title=subscription.plan_name,
        tone=tone,
        state=state,
        lede=f"{customer.title} · {said}{services.next_step(subscription)}",
        customer_href=f"/admin/customers/{customer.id}",
        notes=_notes(subscription, zone),
        tasks=[slots.card(job, subscription.plan_name) for job in timeline.jobs_of(subscription.id)],
        tasks_open=role >= Role.MEMBER,
        facts=_facts(found, zone, sees_money=sees_money),
        limits=services.limits(found.product),
        invoice=_invoice(found) if sees_money else None,
        has_access=access.is_there(subscription.id),
        may_act=role >= Role.ADMIN,
        reasons=asked_reasons("suspension", "leaving", "termination", refused=refused),
        plan=plan or _plan_form(subscription, may_act=role >= Role.ADMIN),
        history=history_of({"subscription": [subscription.id]}, zone=zone),
    )


def _invoice(found: Service) -> InvoiceCard | None:
    has_number = found.first_invoice is not None and found.first_invoice.number is not None
    return billing.card(found.first_invoice) if found.first_invoice is not None and has_number else None


def _notes(subscription: Subscription, zone: str) -> list[tuple[str, str, str]]:
    """Tone, title and text of what has to be known first."""
    notes = []
    if subscription.status == "suspended":
        since = f" Since {words.exact(subscription.suspended_at, zone)}." if subscription.suspended_at else ""
        notes.append(("warn", "Suspended.", f"{subscription.suspension_reason.rstrip('.')}.{since}"))
    if subscription.is_ending and subscription.ends_at is not None:
        text = f"It runs until {words.exact(subscription.ends_at, zone)}, then it is taken down."
        notes.append(("warn", "Cancelled.", f"{text} Reason: {subscription.ending_reason}"))
    if subscription.ended_at is not None and subscription.ending_reason:
        notes.append(("", "Ended.", subscription.ending_reason))
    return notes


def _facts(found: Service, zone: str, *, sees_money: bool) -> list[tuple[str, str]]:
    subscription = found.subscription
    until = words.day(subscription.period_end, zone) if subscription.period_end else ""
    return [
        ("Plan", subscription.plan_name),
        *([("Price", subscription.price_words)] if sees_money else []),
        ("Ordered", words.exact(subscription.created_at, zone)),
        ("Paid until", until),
        ("Renewal", "Renews by itself" if subscription.auto_renew else "Does not renew"),
        ("Set up", words.exact(subscription.set_up_at, zone) if subscription.set_up_at else "Not yet"),
        ("Reference", subscription.external_ref),
    ]


def _plan_form(subscription: Subscription, *, may_act: bool) -> PlanForm | None:
    """What it can be moved to; None where that is nothing, or for those who may not."""
    offered = listing.choices(subscription) if may_act and subscription.status == "active" else []
    return PlanForm(offered) if offered else None


def _because(subscription_id: UUID, act: str, verb: Callable[..., None], done: str) -> ResponseReturnValue:
    """Do what needs a reason."""
    found, form = subscriptions.find(principal(), subscription_id), ReasonForm(act)
    if not form.validate_on_submit():
        return _shown(found, refused=form, status=422)
    verb(found.subscription, reason=form.reason.data)
    toast("good", done)
    return _back(subscription_id)


def _back(subscription_id: UUID) -> ResponseReturnValue:
    return redirect(f"{HERE}/{subscription_id}", 303)


@routes.post("/<uuid:subscription_id>/suspension")
@requires(staff=Role.ADMIN)
def create_suspension(subscription_id: UUID) -> ResponseReturnValue:
    """Switch it off for a while."""
    return _because(
        subscription_id, "suspension", subscriptions.suspend, "Suspended. The machine is switched off next."
    )


@routes.post("/<uuid:subscription_id>/resumption")
@requires(staff=Role.ADMIN)
def create_resumption(subscription_id: UUID) -> ResponseReturnValue:
    """Switch it on again."""
    subscriptions.resume(subscriptions.find(principal(), subscription_id).subscription)
    toast("good", "Resumed.")
    return _back(subscription_id)


@routes.post("/<uuid:subscription_id>/cancellation")
@requires(staff=Role.ADMIN)
def create_cancellation(subscription_id: UUID) -> ResponseReturnValue:
    """Let it run out at the end of what is paid."""
    return _because(
        subscription_id, "leaving", subscriptions.cancel, "Cancelled: it runs out at the end of its period."
    )


@routes.post("/<uuid:subscription_id>/keeping")
@requires(staff=Role.ADMIN)
def create_keeping(subscription_id: UUID) -> ResponseReturnValue:
    """Take a cancellation back."""
    subscriptions.keep(subscriptions.find(principal(), subscription_id).subscription)
    toast("good", "The cancellation is taken back: it renews.")
    return _back(subscription_id)


@routes.post("/<uuid:subscription_id>/termination")
@requires(staff=Role.ADMIN)
def create_termination(subscription_id: UUID) -> ResponseReturnValue:
    """End it now, for good: what runs is taken down, what never ran is cancelled with its order and invoice."""
    return _because(subscription_id, "termination", cancelling.end, "Ended.")


@routes.post("/<uuid:subscription_id>/plan")
@requires(staff=Role.ADMIN)
def create_plan(subscription_id: UUID) -> ResponseReturnValue:
    """Move it to another plan, now; the new price counts from the next renewal."""
    found = subscriptions.find(principal(), subscription_id)
    form = PlanForm(listing.choices(found.subscription))
    if not form.validate_on_submit():
        return _shown(found, plan=form, status=422)
    price, product = form.chosen
    subscriptions.switch_plan(found.subscription, product=product, price=price)
    toast("good", f"It is {product.name} from now on.")
    return _back(subscription_id)


@routes.post("/<uuid:subscription_id>/disclosure")
@requires(staff=Role.ADMIN, limits=("10/minute",))
def create_disclosure(subscription_id: UUID) -> ResponseReturnValue:
    """Show how the customer gets in, in this answer alone. Audited."""
    found = subscriptions.find(principal(), subscription_id)
    return page(
        "provisioning/admin/access.html",
        crumbs=[("Subscriptions", HERE), (found.subscription.plan_name, f"{HERE}/{subscription_id}")],
        title=found.subscription.plan_name,
        back=f"{HERE}/{subscription_id}",
        parts=access.reveal(subscription_id).shown,
    )
