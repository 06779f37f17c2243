"""Open invitations, made through the service."""

from app.features.accounts import specimen as accounts
from app.features.accounts.models import User
from app.features.accounts.specimen import Account
from app.features.people import service
from app.features.people.models import Invitation
from app.kernel.access import Principal, Role


def make(by: User, tag: str = "specimen") -> Invitation:
    """Somebody asked by `by` to join their own circle."""
    who = Principal(
        tenant_id=by.tenant_id,
        user_id=by.id,
        staff_role=Role(by.staff_role) if by.staff_role else None,
        customer_id=by.customer_id,
        customer_role=Role(by.customer_role) if by.customer_role else None,
    )
    return service.invite(who, email=f"{tag}@invited.example.com", role=Role.MEMBER, customer_id=by.customer_id)


def in_house(tag: str) -> None:
    """Somebody asked to work here."""
    make(accounts.make_staff(Role.ADMIN, f"{tag}-inviter"), f"{tag}-staff")


def of_account(account: Account, tag: str) -> None:
    """Somebody asked to join the account."""
    make(account.owner, f"{tag}-{account.customer.id.hex[:8]}")
