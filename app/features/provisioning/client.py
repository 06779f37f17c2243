"""`/client/services/{id}`: one service: its way here, how to get in, what it is, and how to end it."""

from typing import Any
from uuid import UUID

from flask import redirect
from flask.typing import ResponseReturnValue

from app.features.billing import slots as billing
from app.features.provisioning import access, timeline
from app.features.provisioning.access import Access
from app.features.provisioning.forms import LeaveForm
from app.features.subscriptions import service as subscriptions
from app.features.subscriptions import slots as services
from app.features.subscriptions.models import Subscription
from app.features.subscriptions.service import Service
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Principal, Role, requires
from app.kernel.errors import NotFound
from app.kernel.pages import PageRoutes, page, principal, toast

HOME = "/client/services"

routes = PageRoutes("provisioning_client", prefix=HOME)


@routes.get("/<uuid:subscription_id>")
@requires(customer=Role.VIEWER)
def show(subscription_id: UUID) -> ResponseReturnValue:
    """One service. Its timeline asks for itself again while something goes on; the invoice is for who sees money."""
    return _shown(subscriptions.find(principal(), subscription_id))


def _shown(
    found: Service, *, way_in: Access | None = None, leave: LeaveForm | None = None, status: int = 200
) -> ResponseReturnValue:
    subscription, who, zone = found.subscription, principal(), tenants.current().time_zone
    sees_money = _is_at_least(who, Role.BILLING)
    tone, state = services.state_of(subscription)
    steps, goes_on = timeline.for_customer(subscription, found.first_invoice, zone=zone, sees_money=sees_money)
    return page(
        "provisioning/client/show.html",
        status=status,
        title=subscription.plan_name,
        here=f"{HOME}/{subscription.id}",
        lede=_said(subscription.price_words, services.next_step(subscription), sees_money=sees_money),
        tone=tone,
        state=state,
        steps=steps,
        progress=_progress(steps) if goes_on else "",
        goes_on=goes_on,
        is_setting_up=subscription.is_being_set_up,
        pause=subscription.suspension_reason if subscription.status == "suspended" else "",
        facts=_facts(subscription, sees_money=sees_money),
        limits=services.limits(found.product),
        features=found.product.features,
        invoice=_invoice(found) if sees_money else None,
        has_access=subscription.ended_at is None and access.is_there(subscription.id),
        may_reveal=_is_at_least(who, Role.MEMBER),
        way_in=way_in.shown if way_in is not None else None,
        ending=_ending(subscription, zone) if sees_money else None,
        leave=leave or LeaveForm(),
    )


def _is_at_least(who: Principal, role: Role) -> bool:
    return (who.customer_role or 0) >= role


def _said(price: str, next_step: str, *, sees_money: bool) -> str:
    """`USD 49.90 a year · renews on 20 Nov 2027`; without the price for those who see no money."""
    return f"{price} · {next_step}" if sees_money else next_step[0].upper() + next_step[1:]


def _progress(steps: list[timeline.Line]) -> str:
    """`Step 3 of 5`."""
    now = next((place for place, step in enumerate(steps, start=1) if step.state == "now"), 0)
    return f"Step {now} of {len(steps)}" if now else ""


def _facts(subscription: Subscription, *, sees_money: bool) -> list[tuple[str, str | None]]:
    zone = tenants.current().time_zone
    until = words.day(subscription.period_end, zone) if subscription.period_end else None
    return [
        ("Plan", subscription.plan_name),
        *([("Price", subscription.price_words)] if sees_money else []),
        ("Ordered", words.day(subscription.created_at, zone)),
        ("Paid until", until),
        ("Renewal", "Renews by itself" if subscription.auto_renew else "Does not renew"),
    ]


def _invoice(found: Service) -> dict[str, Any] | None:
    if found.first_invoice is None or found.first_invoice.number is None:
        return None
    card = billing.card(found.first_invoice)
    return {
        "number": card.number,
        "href": card.href,
        "tone": card.tone,
        "state": card.state,
        "total": card.total.plain,
        "open": card.open.plain if card.open.minor else "",
    }


def _ending(subscription: Subscription, zone: str) -> dict[str, str] | None:
    """What the card about ending says, and which of the two it offers; None where there is nothing to end."""
    if subscription.status not in {"active", "suspended"} or subscription.period_end is None:
        return None
    until = words.day(subscription.period_end, zone)
    if subscription.is_ending:
        return {"offers": "keeping", "text": f"It is cancelled. It runs until {until}, then it is switched off."}
    stands = f"It runs until {until}, which is paid. Then it is switched off"
    if subscription.status == "suspended":
        stands = f"It is suspended, and paid until {until}. Then it ends"
    return {"offers": "cancellation", "text": f"{stands} and its files are deleted.", "until": until}


@routes.post("/<uuid:subscription_id>/disclosure")
@requires(customer=Role.MEMBER, limits=("20/minute",))
def create_disclosure(subscription_id: UUID) -> ResponseReturnValue:
    """Show how to get in, in this answer alone. Written into the log."""
    found = subscriptions.find(principal(), subscription_id)
    if found.subscription.ended_at is not None:
        raise NotFound()
    return _shown(found, way_in=access.reveal(found.subscription.id))


@routes.post("/<uuid:subscription_id>/cancellation")
@requires(customer=Role.BILLING, impersonated=True)
def create_cancellation(subscription_id: UUID) -> ResponseReturnValue:
    """Let it run out at the end of what is paid."""
    found, form = subscriptions.find(principal(), subscription_id), LeaveForm()
    if not form.validate_on_submit():
        return _shown(found, leave=form, status=422)
    subscriptions.cancel(found.subscription, reason=form.reason.data)
    toast("good", "Cancelled. It runs until the end of what is paid.")
    return redirect(f"{HOME}/{subscription_id}", 303)


@routes.post("/<uuid:subscription_id>/keeping")
@requires(customer=Role.BILLING, impersonated=True)
def create_keeping(subscription_id: UUID) -> ResponseReturnValue:
    """Take the cancellation back."""
    subscriptions.keep(subscriptions.find(principal(), subscription_id).subscription)
    toast("good", "It goes on and renews by itself.")
    return redirect(f"{HOME}/{subscription_id}", 303)
