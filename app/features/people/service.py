"""Asking somebody to come in: to the staff, or to a customer's account.

An invitation to an address that somebody has already is made, listed and
mailed like any other, so that nobody learns by it who has an account; its mail
says so to the address alone, and carries no link. An invitation is worth what
the person who answers for it may still grant when it is accepted.
"""

from datetime import timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import links, merged, rights
from app.features.accounts import service as accounts
from app.features.accounts.events import CustomerClosed
from app.features.accounts.models import Customer, User
from app.features.people.events import InvitationAccepted, InvitationResent, InvitationWithdrawn, UserInvited
from app.features.people.models import Invitation
from app.features.sessions import service as sessions
from app.features.sessions.models import UserSession
from app.kernel import clock, crypto, db, limits
from app.kernel.access import Principal, Role
from app.kernel.errors import Conflict, NotFound, Refusal
from app.kernel.events import publish

LASTS = timedelta(days=7)
"""How long an invitation works, counted from its delivery."""
PER_ACCOUNT = "20/hour"
"""Invitations that leave in the name of one account, or of the staff; those sent again among them."""
PER_ADDRESS = "3/hour"
"""Those to one address, whoever asks for them."""


class AlreadyInvited(Conflict):
    """An invitation to this address is open there: 409."""

    code, text = "already_invited", "This address is invited already. Send that invitation again, or withdraw it."


class AccountClosed(Conflict):
    """Nobody signs in to a closed account: 409."""

    code, text = "account_closed", "This account is closed. Nobody can join it."


class AlreadyHere(Conflict):
    """Somebody of this very circle has the address: 409."""

    code, text = "already_here", "Somebody here signs in with this address already."


class InvitationOver(Refusal):
    """Accepted, withdrawn, run out, without anybody who may grant it, or never there: all said alike. 410."""

    status, code, text = 410, "invitation_over", "This invitation no longer works. Ask for a new one."


class AddressTaken(Conflict):
    """Somebody has the address of the invitation since it was sent: 409. Told to who has its mail alone."""

    code, text = "address_taken", "This address has an account here already. Sign in with it."


class Opened(NamedTuple):
    """An invitation that still lets somebody in, as its own page shows it."""

    invitation: Invitation
    inviter: str
    customer: str
    """The account that it is to; empty for the staff."""


def invite(who: Principal, *, email: str, role: Role, customer_id: UUID | None = None) -> Invitation:
    """Ask somebody to come in with `role`: to the staff, or to the account of `customer_id`.

    Raises:
        Invalid: the address is none; names `email`.
        NotFound: there is no such account.
        Merged: it was merged into another one meanwhile.
        AboveYou: `who` may not grant the role there.
        AccountClosed: the account is.
        AlreadyHere, AlreadyInvited: name `email`.
        TooMany: over `PER_ACCOUNT` or `PER_ADDRESS`.
    """
    address = accounts.clean_email(email)
    key = address.lower()
    _hold_open(customer_id)
    inviter = _inviter(who, role, customer_id)
    _refuse_twice(key, customer_id)
    _count(customer_id, key)
    try:
        with db.session().begin_nested():
            invitation = links.make(
                Invitation,
                LASTS,
                email=address,
                email_key=key,
                customer_id=customer_id,
                role=int(role),
                invited_by=inviter.id,
            )
    except sa.exc.IntegrityError as problem:
        if "ix_invitations_open" in str(problem.orig) or "invitations.email_key" in str(problem.orig):
            raise _already(AlreadyInvited) from problem
        raise
    publish(UserInvited(invitation.id, customer_id, role.name.lower(), address))
    return invitation


def _hold_open(customer_id: UUID | None) -> None:
    """That the account can be joined, and is merged by nobody meanwhile: held before anything of it is."""
    if customer_id is not None and not merged.hold(customer_id).is_active:
        raise AccountClosed()


def _inviter(who: Principal, role: Role, customer_id: UUID | None) -> User:
    """Who asks, read anew under a lock: a role that is being taken away grants nothing."""
    mine = sa.select(User).where(User.id == who.user_id).with_for_update(key_share=True)
    found = db.session().scalars(mine.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise rights.AboveYou()
    rights.check_grant(found, role, customer_id)
    return found


def _refuse_twice(key: str, customer_id: UUID | None) -> None:
    """What whoever asks can see in their own list may be told; nothing else is looked at."""
    side = User.customer_id == customer_id if customer_id else User.staff_role.is_not(None)
    if db.session().execute(sa.select(User.id).where(User.email_key == key, side)).first() is not None:
        raise _already(AlreadyHere)


def _already(refusal: type[Conflict]) -> Conflict:
    return refusal(fields={"email": refusal.text})


def _count(customer_id: UUID | None, key: str) -> None:
    limits.hit(PER_ACCOUNT, "invitations-of", str(customer_id or "staff"))
    limits.hit(PER_ADDRESS, "invitations-to", key)


def find(who: Principal, invitation_id: UUID, *, customer_id: UUID | None = None, is_staff: bool = False) -> Invitation:
    """An open invitation to the staff (`is_staff`), to the account `customer_id`, or to any that `who` may see.

    Raises:
        NotFound: absent, accepted or withdrawn, or of somebody else's account.
    """
    if not who.is_staff:
        customer_id = who.customer_id
    wanted = sa.select(Invitation).where(Invitation.id == invitation_id, links.unused(Invitation))
    if customer_id is not None:
        wanted = wanted.where(Invitation.customer_id == customer_id)
    else:
        wanted = wanted.where(Invitation.customer_id.is_(None) if is_staff else Invitation.customer_id.is_not(None))
    found = db.session().scalars(wanted).one_or_none()
    if found is None or (is_staff and not who.is_staff):
        raise NotFound()
    return found


def resend(who: Principal, invitation: Invitation) -> None:
    """Mail it again, with its whole time before it; `who` answers for it from now on.

    Raises:
        AboveYou: `who` may not grant its role.
        AccountClosed, Merged: the account is.
        NotFound: it was accepted or withdrawn meanwhile.
        TooMany: as `invite`.
    """
    _hold_open(invitation.customer_id)
    inviter = _inviter(who, invitation.granted, invitation.customer_id)
    _count(invitation.customer_id, invitation.email_key)
    again = {
        "times_sent": Invitation.times_sent + 1, "invited_by": inviter.id, "delivered_at": None,
        "expires_at": clock.now() + LASTS,
    }  # fmt: skip
    _change_open(invitation, again)
    publish(InvitationResent(invitation.id, *_whose(invitation), invitation.times_sent))


def withdraw(who: Principal, invitation: Invitation) -> None:
    """Let nobody in by it any more.

    Raises:
        AboveYou: `who` may not grant its role.
        NotFound: it was accepted or withdrawn meanwhile.
    """
    _inviter(who, invitation.granted, invitation.customer_id)
    _change_open(invitation, {"revoked_at": clock.now()})
    publish(InvitationWithdrawn(invitation.id, *_whose(invitation)))


def on_customer_closed(event: CustomerClosed) -> None:
    """Withdraw what is open to its account: nobody can join it, nor withdraw it there."""
    open_ones = sa.update(Invitation).where(Invitation.customer_id == event.customer_id, links.unused(Invitation))
    ended = open_ones.values(revoked_at=clock.now()).returning(Invitation.id, Invitation.role)
    for row in db.session().execute(ended.execution_options(synchronize_session=False)).all():
        publish(InvitationWithdrawn(row.id, event.customer_id, Role(row.role).name.lower()))


def _whose(invitation: Invitation) -> tuple[UUID | None, str]:
    return invitation.customer_id, invitation.granted.name.lower()


def _change_open(invitation: Invitation, values: dict[str, object]) -> None:
    """Change the row while it is open: of two who act at once, one finds nothing."""
    mine = sa.update(Invitation).where(Invitation.id == invitation.id, links.unused(Invitation))
    changed = mine.values(values).returning(Invitation.id).execution_options(synchronize_session=False)
    if db.session().execute(changed).first() is None:
        raise NotFound()
    db.session().refresh(invitation)


def open_by(token: str, *, locks: bool = False) -> Opened | None:
    """The invitation behind `token`, while somebody may come in by it; `locks` holds who answers for it meanwhile."""
    wanted = (
        sa.select(Invitation, User, Customer)
        .join(User, User.id == Invitation.invited_by)
        .outerjoin(Customer, Customer.id == Invitation.customer_id)
        .where(
            Invitation.token_hash == crypto.digest(token),
            sa.or_(Invitation.customer_id.is_(None), Customer.status == "active"),
        )
    )
    if locks:
        wanted = wanted.with_for_update(of=User, key_share=True)
    found = db.session().execute(wanted).one_or_none()
    if found is None:
        return None
    invitation, inviter, customer = found
    highest = rights.reach(inviter, invitation.customer_id)
    if not invitation.is_open(clock.now()) or highest is None or invitation.granted > highest:
        return None
    return Opened(invitation, inviter.name, customer.title if customer is not None else "")


def accept(
    token: str, *, first_name: str, last_name: str, password_hash: str, ip: str, user_agent: str
) -> tuple[User, UserSession, str]:
    """Become what the invitation says, and sign in: the person, the login and the browser's token.

    Hash before the transaction begins. Names are checked before.

    Raises:
        InvitationOver: it lets nobody in any more.
        AddressTaken: somebody has its address meanwhile.
    """
    _hold_account(token)
    opened = open_by(token, locks=True)
    if opened is None:
        raise InvitationOver()
    invitation = opened.invitation
    come_in = partial(accounts.join, invitation.customer_id) if invitation.customer_id else accounts.create_staff
    try:
        _change_open(invitation, {"used_at": clock.now()})
        user = come_in(
            email=invitation.email, first_name=first_name, last_name=last_name, role=invitation.granted,
            password_hash=password_hash,
        )  # fmt: skip
    except NotFound as problem:
        raise InvitationOver() from problem
    except accounts.EmailTaken as problem:
        raise AddressTaken() from problem
    invitation.accepted_by = user.id
    if invitation.delivered_at is not None:
        user.email_verified_at = clock.now()
    publish(InvitationAccepted(invitation.id, *_whose(invitation), user.id))
    login, browser_token = sessions.start(user, ip=ip, user_agent=user_agent)
    return user, login, browser_token


def _hold_account(token: str) -> None:
    """Let nobody merge the account that is joined; a merging that ends while this waits is followed."""
    wanted = sa.select(Invitation.customer_id).where(Invitation.token_hash == crypto.digest(token))
    customer_id = db.session().scalar(wanted)
    if customer_id is None:
        return
    try:
        merged.hold(customer_id)
    except merged.Merged:
        merged.hold(merged.kept_of(customer_id))


def is_address_taken(invitation: Invitation) -> bool:
    """Whether somebody has its address: for its own mail, and for nobody else."""
    return accounts.is_email_taken(invitation.email_key)
