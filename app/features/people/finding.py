"""People and open invitations by the page, for programs."""

from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import service as accounts
from app.features.accounts.links import unused
from app.features.accounts.models import User
from app.features.people.models import Invitation
from app.kernel.access import Principal
from app.kernel.errors import Invalid, NotFound
from app.kernel.paging import Page, page


def account_of(who: Principal, customer_id: UUID | None) -> UUID:
    """Whose people are meant: staff name a customer, a customer's people mean their own account.

    Raises:
        Invalid: staff named nobody.
        NotFound: there is no such customer, or it is somebody else's.
    """
    if not who.is_staff and who.customer_id is not None and customer_id in {None, who.customer_id}:
        return who.customer_id
    if customer_id is None:
        raise Invalid.field("customer_id", "Say whose people are meant.")
    if not who.is_staff:
        raise NotFound()
    accounts.check_customer(who, customer_id)
    return customer_id


def list_people(customer_id: UUID | None, *, cursor: str | None, limit: int) -> Page[User]:
    """Those of the account, or of the staff (None), newest first.

    Raises:
        BadCursor: the cursor is not one of this list.
    """
    side = User.customer_id == customer_id if customer_id else User.staff_role.is_not(None)
    return page(sa.select(User).where(User.removed_at.is_(None), side), User, cursor=cursor, limit=limit)


def list_invitations(customer_id: UUID | None, *, cursor: str | None, limit: int) -> Page[Invitation]:
    """The open ones to the account, or to the staff (None), newest first.

    Raises:
        BadCursor: the cursor is not one of this list.
    """
    wanted = sa.select(Invitation).where(unused(Invitation), Invitation.customer_id == customer_id)
    return page(wanted, Invitation, cursor=cursor, limit=limit)
