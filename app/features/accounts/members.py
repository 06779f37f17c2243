"""What becomes of people who sign in: another role, shut out, let in again, gone.

Each act locks who acts, whom it is about and the owners beside them, and looks
at them anew: two who act at once cannot take the last owner away between them,
and whoever has just lost a role acts no more by it.
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import email_changes, links, rights
from app.features.accounts.events import UserDeactivated, UserReactivated, UserRemoved, UserRoleChanged
from app.features.accounts.models import Customer, User
from app.features.accounts.rights import AboveYou, LastOwner, NotYourself
from app.kernel import clock, db, terms
from app.kernel.access import Principal, Role
from app.kernel.errors import Conflict, NotFound
from app.kernel.events import publish


class AccessEnded(Conflict):
    """Somebody who may not sign in needs no link: 409."""

    code, text = "access_ended", "This person's access has ended. Give it back first."


def find(who: Principal, user_id: UUID, *, customer_id: UUID | None = None, is_staff: bool = False) -> User:
    """Somebody who belongs here: of the staff (`is_staff`), of the customer `customer_id`, or of any customer that
    `who` may see.

    Raises:
        NotFound: absent, gone, on the other side of the house, or of somebody else's account.
    """
    if not who.is_staff:
        customer_id = who.customer_id
    wanted = sa.select(User).where(User.id == user_id, User.removed_at.is_(None))
    if customer_id is not None:
        wanted = wanted.where(User.customer_id == customer_id)
    else:
        wanted = wanted.where(User.staff_role.is_not(None) if is_staff else User.customer_id.is_not(None))
    found = db.session().scalars(wanted).one_or_none()
    if found is None or (is_staff and not who.is_staff):
        raise NotFound()
    return found


def change_role(who: Principal, user: User, role: Role) -> None:
    """Give somebody another role. They sign in again, and may do what it allows.

    Raises:
        NotYourself: it is who asks.
        AboveYou: the person or the role stands above who asks.
        LastOwner: nobody else is an owner there.
        NotFound: they are gone meanwhile.
    """
    beside = _reach_for(who, user)
    if role == user.role:
        return
    rights.check_grant(_one(beside, who.user_id), role, user.customer_id)
    _keep_an_owner(user, beside)
    before = user.role
    if user.is_staff:
        user.staff_role = int(role)
    else:
        user.customer_role = int(role)
    publish(UserRoleChanged(user.id, before.name.lower(), role.name.lower()))


def deactivate(who: Principal, user: User) -> None:
    """End somebody's access, until it is given back: no sign-in, no password link, and every login ends.

    Raises:
        NotYourself, AboveYou, LastOwner, NotFound: as `change_role`.
    """
    beside = _reach_for(who, user)
    if user.disabled_at is not None:
        return
    _keep_an_owner(user, beside)
    user.disabled_at = clock.now()
    links.revoke_links(user.id)
    publish(UserDeactivated(user.id))


def reactivate(who: Principal, user: User) -> None:
    """Give somebody's access back, as it was. Former logins stay ended.

    Raises:
        NotYourself, AboveYou, NotFound: as `change_role`.
    """
    _reach_for(who, user)
    if user.disabled_at is None:
        return
    user.disabled_at = None
    publish(UserReactivated(user.id))


def remove(who: Principal, user: User) -> None:
    """Let somebody go for good. Their address is free, for an invitation say; what they did stays in the histories.

    Raises:
        NotYourself, AboveYou, LastOwner, NotFound: as `change_role`.
    """
    beside = _reach_for(who, user)
    _keep_an_owner(user, beside)
    _take_away(user)


def leave(who: Principal) -> None:
    """Go of one's own accord, out of a customer's account.

    Raises:
        LastOwner: nobody else is an owner there.
        NotFound: who asks belongs to no customer.
    """
    user = db.session().get(User, who.user_id)
    if user is None or user.customer_id is None:
        raise NotFound()
    _keep_an_owner(user, _locked(who, user))
    _take_away(user)


def send_link(who: Principal, user: User) -> None:
    """Mail somebody a fresh link to set a password. Links sent before end.

    Raises:
        AboveYou: they stand above who asks.
        AccessEnded: they may not sign in.
        NotYourself, NotFound: as `change_role`.
    """
    _reach_for(who, user)
    if user.disabled_at is not None or not _is_open(user.customer_id):
        raise AccessEnded()
    links.send_password_link(user, "reset" if user.password_hash else "first")


def _is_open(customer_id: UUID | None) -> bool:
    if customer_id is None:
        return True
    return db.session().scalars(sa.select(Customer.status).where(Customer.id == customer_id)).one() == "active"


def _reach_for(who: Principal, user: User) -> Sequence[User]:
    """Check that `who` may touch `user`; both and the owners beside them, locked."""
    if who.user_id == user.id:
        raise NotYourself()
    beside = _locked(who, user)
    highest = rights.reach(_one(beside, who.user_id), user.customer_id)
    if highest is None or user.role > highest:
        raise AboveYou()
    return beside


def _locked(who: Principal, user: User) -> Sequence[User]:
    """Who acts, `user` and the owners of their side, in one order, read anew."""
    owners = User.staff_role == int(Role.OWNER)
    if user.customer_id is not None:
        owners = sa.and_(User.customer_id == user.customer_id, User.customer_role == int(Role.OWNER))
    wanted = sa.select(User).where(sa.or_(User.id.in_([who.user_id, user.id]), owners))
    wanted = wanted.order_by(User.id).with_for_update(key_share=True).execution_options(populate_existing=True)
    found = db.session().scalars(wanted).all()
    if user not in found or user.removed_at is not None:
        raise NotFound()
    return found


def _one(people: Sequence[User], user_id: UUID | None) -> User:
    found = next((person for person in people if person.id == user_id), None)
    if found is None:
        raise AboveYou()
    return found


def _keep_an_owner(user: User, beside: Sequence[User]) -> None:
    if user.role != Role.OWNER or user.disabled_at is not None:
        return
    others = (person for person in beside if person.id != user.id and person.customer_id == user.customer_id)
    if not any(person.role == Role.OWNER and person.disabled_at is None for person in others):
        raise LastOwner()


def _take_away(user: User) -> None:
    now = clock.now()
    user.disabled_at, user.removed_at = user.disabled_at or now, now
    user.email_key = f"removed:{user.id}"
    links.revoke_links(user.id)
    email_changes.end_all(user.id)
    terms.keep("user", user.id, ())
    publish(UserRemoved(user.id))
