"""What becomes of a subscription: paid, switched off and on, moved, ended.

Each change is one conditional UPDATE from the states that allow it, so that of
many who try at once one succeeds and the others are refused.
"""

from collections.abc import Collection
from fractions import Fraction
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import merged
from app.features.audit import service as audit
from app.features.catalogue.cycles import CYCLES, end_of
from app.features.catalogue.models import Price, Product
from app.features.subscriptions.events import (
    SubscriptionActivated,
    SubscriptionCancelled,
    SubscriptionDowngraded,
    SubscriptionResumed,
    SubscriptionSuspended,
    SubscriptionTerminated,
    SubscriptionUpgraded,
)
from app.features.subscriptions.models import Subscription
from app.kernel import clock, db
from app.kernel.errors import Conflict, Invalid
from app.kernel.events import publish

ONCE = "oneTime"
LONGEST_REASON = 200


class WrongState(Conflict):
    """The subscription does not stand where this is possible: 409."""

    code = "wrong_state"


def activate(subscription: Subscription) -> bool:
    """It is paid for: its period begins now, and what it needs is set up.

    False, and nothing is changed or told, when it is not pending.
    """
    start = clock.now()
    end = end_of(subscription.cycle, start)
    if not _change(subscription, {"pending"}, status="active", period_start=start, period_end=end):
        return False
    publish(
        SubscriptionActivated(
            subscription.id,
            subscription.customer_id,
            subscription.product_id,
            _slug(subscription),
            subscription.cycle,
            subscription.price_minor,
            subscription.currency,
            start,
            end,
        )
    )
    return True


def _change(
    subscription: Subscription, allowed: Collection[str], *conditions: sa.ColumnElement[bool], **values: Any
) -> bool:
    """Write `values` if it stands in one of the `allowed` states; whether it did. It is read anew either way."""
    merged.wait_for(subscription.customer_id)
    change = (
        sa.update(Subscription)
        .where(Subscription.id == subscription.id, Subscription.status.in_(sorted(allowed)), *conditions)
        .values(revision=Subscription.revision + 1, **values)
        .returning(Subscription.id)
        .execution_options(synchronize_session=False)
    )
    is_changed = db.session().execute(change).first() is not None
    db.session().refresh(subscription)
    return is_changed


def _slug(subscription: Subscription) -> str:
    return db.session().get_one(Product, subscription.product_id).slug


def _about(subscription: Subscription) -> tuple[UUID, UUID, str, str, int, str]:
    """What most events say first."""
    return (
        subscription.id, subscription.customer_id, _slug(subscription), subscription.cycle,
        subscription.price_minor, subscription.currency,
    )  # fmt: skip


def note_set_up(subscription: Subscription, *, external_ref: str = "") -> None:
    """There is something to use now. The first time counts; a reference that is given is kept."""
    if external_ref:
        subscription.external_ref = external_ref
    if subscription.set_up_at is None:
        subscription.set_up_at = clock.now()
    db.session().flush()


def suspend(subscription: Subscription, *, reason: str) -> None:
    """Switch it off for a while. Its period runs on.

    Raises:
        Invalid: no reason is given; names `reason`.
        WrongState: it does not run.
    """
    reason = _reason(reason)
    now = clock.now()
    if not _change(subscription, {"active"}, status="suspended", suspended_at=now, suspension_reason=reason):
        raise WrongState(f"This service is {subscription.status}: only a running one can be suspended.")
    publish(SubscriptionSuspended(*_about(subscription), reason))


def _reason(text: str) -> str:
    """`text`, checked: a reason is one line that says something.

    Raises:
        Invalid: it is empty or too long; names `reason`.
    """
    text = " ".join(text.split())
    if not text:
        raise Invalid.field("reason", "Say why, in a few words.")
    if len(text) > LONGEST_REASON:
        raise Invalid.field("reason", f"At most {LONGEST_REASON} characters.")
    return text


def resume(subscription: Subscription) -> None:
    """Switch it on again.

    Raises:
        WrongState: it is not suspended.
    """
    if not _change(subscription, {"suspended"}, status="active", suspended_at=None, suspension_reason=""):
        raise WrongState(f"This service is {subscription.status}: only a suspended one can be resumed.")
    publish(SubscriptionResumed(*_about(subscription)))


def cancel(subscription: Subscription, *, reason: str) -> None:
    """Let it run out: the customer keeps every day already paid for, then it ends. It does not renew.

    Raises:
        Invalid: no reason is given; names `reason`.
        WrongState: it does not run, is cancelled already, or is paid once and has no period.
    """
    reason = _reason(reason)
    if subscription.period_end is None:
        raise WrongState("It has no period that could end: end it now instead.")
    runs_on = (Subscription.ends_at.is_(None), Subscription.period_end.is_not(None))
    values = {"ends_at": Subscription.period_end, "auto_renew": False, "ending_reason": reason}
    if not _change(subscription, {"active", "suspended"}, *runs_on, **values):
        raise WrongState(
            "This service is cancelled already." if subscription.is_ending else "This service does not run."
        )
    assert subscription.ends_at is not None
    publish(
        SubscriptionCancelled(
            subscription.id, subscription.customer_id, _slug(subscription), subscription.ends_at, reason
        )
    )


def keep(subscription: Subscription) -> None:
    """Take a cancellation back: it goes on and renews.

    Raises:
        WrongState: it is not cancelled, or has ended.
    """
    is_ending = (Subscription.ends_at > clock.now(),)
    values = {"ends_at": None, "auto_renew": True, "ending_reason": ""}
    if not _change(subscription, {"active", "suspended"}, *is_ending, **values):
        raise WrongState("There is no cancellation to take back.")
    audit.record("SUBSCRIPTION_KEPT", resource_type="subscription", resource_id=subscription.id)


def cancel_now(subscription: Subscription, *, reason: str) -> None:
    """End it at this moment. What never ran is just cancelled; what runs is terminated besides.

    Raises:
        Invalid: no reason is given; names `reason`.
        WrongState: it has ended already.
    """
    reason = _reason(reason)
    now = clock.now()
    ended = {"ends_at": now, "ended_at": now, "auto_renew": False, "ending_reason": reason}
    never_ran = _change(subscription, {"pending"}, status="cancelled", **ended)
    if not never_ran and subscription.ended_at is not None:
        raise WrongState("This service has ended already.")
    publish(SubscriptionCancelled(subscription.id, subscription.customer_id, _slug(subscription), now, reason))
    if not never_ran:
        terminate(subscription, reason=reason)


def terminate(subscription: Subscription, *, reason: str) -> None:
    """It has ended for good, and what it ran on is taken down.

    Raises:
        Invalid: no reason is given; names `reason`.
        WrongState: it never ran, or has ended already.
    """
    reason = _reason(reason)
    ended = {"ended_at": clock.now(), "auto_renew": False, "ending_reason": reason}
    if not _change(subscription, {"active", "suspended"}, status="terminated", **ended):
        raise WrongState(f"This service is {subscription.status}: there is nothing to take down.")
    publish(SubscriptionTerminated(*_about(subscription), reason))


def end(subscription: Subscription, *, reason: str) -> None:
    """End it now, whatever it is: what runs is terminated, what never ran is cancelled.

    Raises:
        Invalid: no reason is given; names `reason`.
        WrongState: it has ended already.
    """
    (cancel_now if subscription.status == "pending" else terminate)(subscription, reason=reason)


def switch_plan(subscription: Subscription, *, product: Product, price: Price) -> None:
    """Move it to another plan or price, by hand: now, without charging the running period again.

    The new price counts from the next renewal; the period stays as it is paid.

    Raises:
        Invalid: the price is not one of the product, or in another currency; names `plan`.
        WrongState: it does not run, has it already, or one of the two is paid once and the other is not.
    """
    if price.product_id != product.id or price.currency != subscription.currency:
        raise Invalid.field("plan", f"{product.name} has no such price in {subscription.currency}.")
    if (price.cycle == ONCE) != (subscription.cycle == ONCE):
        raise WrongState("What is paid once and what renews cannot be exchanged for each other.")
    before = (subscription.product_id, subscription.cycle, subscription.price_minor)
    if before == (product.id, price.cycle, price.amount_minor):
        raise WrongState(f"It is {product.name} at this price already.")
    previous, was = _slug(subscription), _monthly(subscription.price_minor, subscription.cycle)
    values = {"product_id": product.id, "plan_name": product.name, "cycle": price.cycle}
    if not _change(
        subscription,
        {"active"},
        Subscription.product_id == before[0],
        Subscription.price_minor == before[2],
        **values,
        price_minor=price.amount_minor,
    ):
        raise WrongState("Only a running service changes its plan, and one change at a time.")
    is_cheaper = _monthly(price.amount_minor, price.cycle) < was
    event = SubscriptionDowngraded if is_cheaper else SubscriptionUpgraded
    publish(event(*_about(subscription), previous, before[2]))


def _monthly(minor: int, cycle: str) -> Fraction:
    return Fraction(minor, CYCLES[cycle] or 1)


def end_due(*, limit: int = 200) -> int:
    """Terminate what was cancelled and whose time is over; how many. Safe to repeat."""
    over = sa.select(Subscription).where(Subscription.ends_at <= clock.now(), Subscription.ended_at.is_(None))
    found = list(db.session().scalars(over.order_by(Subscription.ends_at).limit(limit)))
    for subscription in found:
        terminate(subscription, reason=subscription.ending_reason or "Its time is over.")
    return len(found)
