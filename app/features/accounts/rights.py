"""How far somebody's power over people reaches: nobody grants or touches what stands above themselves."""

from uuid import UUID

from app.features.accounts.models import User
from app.kernel.access import Principal, Role
from app.kernel.errors import Conflict, Forbidden

LEAST = Role.ADMIN
"""Who looks after people at all: of the staff, and in a customer's account."""


class AboveYou(Forbidden):
    """The person or the role stands higher than who asks: 403."""

    code, text = "above_you", "Only somebody with that role can do this."


class NotYourself(Conflict):
    """What people do to others, not to themselves: 409."""

    code, text = "not_yourself", "You cannot do this to yourself. Ask somebody else who may."


class LastOwner(Conflict):
    """Without this person nobody could let anybody in again: 409."""

    code, text = "last_owner", "The last owner stays. Make somebody else an owner first."


def reach(who: User, customer_id: UUID | None) -> Role | None:
    """The highest role that `who` may grant or touch among a customer's people, or among the staff (None).

    None: they have no say there. Staff who look after people have all say over
    customers' people, and over colleagues up to their own role.
    """
    if who.disabled_at is not None or who.role < LEAST:
        return None
    if who.is_staff:
        return who.role if customer_id is None else Role.OWNER
    return who.role if customer_id == who.customer_id else None


def reach_of(who: Principal, customer_id: UUID | None) -> Role | None:
    """The same as a request's principal says it: for what a page offers. What is done is checked anew."""
    own = who.staff_role or who.customer_role
    if own is None or own < LEAST:
        return None
    if who.is_staff:
        return own if customer_id is None else Role.OWNER
    return own if customer_id == who.customer_id else None


def check_grant(who: User, role: Role, customer_id: UUID | None) -> None:
    """That `who` may give `role` there.

    Raises:
        AboveYou: they may not.
    """
    highest = reach(who, customer_id)
    if highest is None or role > highest:
        raise AboveYou()
