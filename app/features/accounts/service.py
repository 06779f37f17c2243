"""Customers and the people who sign in: made, found, changed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import merged
from app.features.accounts.addresses import clean_email, limiter_key, normalise_email
from app.features.accounts.events import UserCreated
from app.features.accounts.links import (
    LinkSpent,
    find_password_link,
    link_token,
    mark_delivered,
    send_password_link,
    set_password,
    set_password_url,
    start_password_link,
    was_staff_link,
)
from app.features.accounts.models import Customer, User
from app.features.accounts.passwords import can_be_password, check_password_rules
from app.features.accounts.profile import update_customer
from app.features.accounts.reserved import is_reserved
from app.features.audit import service as audit
from app.features.tenants import service as tenants
from app.kernel import clock, db, paging, tenancy, terms
from app.kernel.access import Principal, Role
from app.kernel.errors import Conflict, NotFound
from app.kernel.events import publish
from app.kernel.paging import Page

__all__ = [
    "Attribution", "EmailTaken", "LinkSpent", "can_be_password",
    "check_password_rules", "clean_email", "create_staff", "find_customer", "find_password_link",
    "find_user", "give_password", "is_email_taken", "join", "limiter_key", "link_token", "mark_delivered",
    "normalise_email", "people_of", "register", "reset_owner", "send_password_link", "set_password",
    "set_password_url", "start_password_link", "update_customer",
    "was_staff_link",
]  # fmt: skip


class EmailTaken(Conflict):
    """Somebody in this tenant has the address already."""

    code, text = "email_taken", "Somebody here uses this e-mail address already."


@dataclass(frozen=True)
class Attribution:
    """Where a customer came from, as the marketing site says."""

    marketing_source: str = ""
    utm_campaign: str = ""
    utm_source: str = ""
    utm_medium: str = ""
    utm_content: str = ""
    utm_term: str = ""


NOWHERE = Attribution()


def register(
    *,
    email: str,
    first_name: str,
    last_name: str,
    currency: str | None = None,
    role: Role = Role.OWNER,
    attribution: Attribution = NOWHERE,
    company: str = "",
    country: str = "",
    password_hash: str | None = None,
) -> tuple[Customer, User]:
    """Make a customer with its first person, who has no password unless its hash is given.

    The account's currency is the tenant's unless given.

    Raises:
        Invalid: the address is none; names `email`.
        EmailTaken: names `email`.
    """
    address = clean_email(email)
    name = f"{first_name} {last_name}".strip()
    customer = Customer(
        name=name or address,
        email=address,
        company=company,
        country=country,
        currency=currency or tenants.current().currency,
        **asdict(attribution),
    )
    customer.refresh_search_key()
    user = _person(address, first_name, last_name, password_hash)
    user.customer_role = int(role)
    try:
        with db.session().begin_nested():
            db.session().add(customer)
            db.session().flush()
            user.customer_id = customer.id
            db.session().add(user)
            db.session().flush()
    except sa.exc.IntegrityError as problem:
        raise _taken(problem) from problem
    terms.keep("customer", customer.id, customer.texts)
    terms.keep("user", user.id, user.texts)
    publish(UserCreated(user.id, user.email, customer.id, role.name.lower()))
    return customer, user


def create_staff(*, email: str, first_name: str, last_name: str, role: Role, password_hash: str | None = None) -> User:
    """Let somebody work here.

    Raises:
        Invalid: the address is none; names `email`.
        EmailTaken: names `email`.
    """
    user = _person(clean_email(email), first_name, last_name, password_hash)
    user.staff_role = int(role)
    _add(user)
    audit.record("STAFF_CREATED", resource_type="user", resource_id=user.id, after={"role": role.name.lower()})
    publish(UserCreated(user.id, user.email, None, role.name.lower()))
    return user


def join(
    customer_id: UUID, *, email: str, first_name: str, last_name: str, role: Role, password_hash: str | None = None
) -> User:
    """Let somebody into a customer's account.

    Raises:
        Invalid: the address is none; names `email`.
        EmailTaken: names `email`.
    """
    user = _person(clean_email(email), first_name, last_name, password_hash)
    user.customer_id, user.customer_role = customer_id, int(role)
    _add(user)
    publish(UserCreated(user.id, user.email, customer_id, role.name.lower()))
    return user


def _add(user: User) -> None:
    try:
        with db.session().begin_nested():
            db.session().add(user)
            db.session().flush()
    except sa.exc.IntegrityError as problem:
        raise _taken(problem) from problem
    terms.keep("user", user.id, user.texts)


def _person(address: str, first_name: str, last_name: str, password_hash: str | None) -> User:
    if is_reserved(address.lower()):
        raise EmailTaken(fields={"email": EmailTaken.text})
    return User(
        email=address,
        email_key=address.lower(),
        first_name=first_name,
        last_name=last_name,
        password_hash=password_hash,
        password_set_at=clock.now() if password_hash else None,
    )


def _taken(problem: sa.exc.IntegrityError) -> Exception:
    """The refusal for a doubled address; any other broken constraint is a bug and stays one."""
    text = str(problem.orig)
    if "uq_users_email" in text or "users.email_key" in text:
        return EmailTaken(fields={"email": EmailTaken.text})
    return problem


def find_customer(principal: Principal, customer_id: UUID, *, follows: bool = False) -> Customer:
    """The customer, for staff or for its own people. With `follows` the one that it was merged into, if it was.

    Raises:
        NotFound: absent, or somebody else's.
        Merged: it is another one's alias, and that is not followed.
    """
    found = db.session().scalars(sa.select(Customer).where(Customer.id == customer_id)).one_or_none()
    if found is None or not (principal.is_staff or principal.key_id or principal.customer_id == customer_id):
        raise NotFound()
    if found.merged_at is None:
        return found
    if not follows:
        raise merged.refusal_of(found)
    return db.session().get_one(Customer, merged.kept_of(customer_id))


def find_whole(principal: Principal, customer_id: UUID) -> tuple[Customer, Sequence[Customer]]:
    """What `find_customer` that follows finds for staff, and those that were merged into it, the last first. One query.

    Raises:
        NotFound: absent.
    """
    found = merged.whole(customer_id) if principal.is_staff else ()
    if found and found[0].merged_at is None:
        return found[0], found[1:]
    return find_customer(principal, customer_id, follows=True), ()


def list_customers(*, cursor: str | None = None, limit: int = 50) -> Page[Customer]:
    """One page of the tenant's customers, newest first.

    Raises:
        BadCursor: `cursor` is not one of this list.
    """
    return paging.page(sa.select(Customer).where(Customer.merged_at.is_(None)), Customer, cursor=cursor, limit=limit)


def check_customer(principal: Principal, customer_id: UUID) -> None:
    """That there is this customer, for whom `find_customer` would find it.

    Raises:
        NotFound: absent, or somebody else's.
        Merged: it is another one's alias.
    """
    may_see = principal.is_staff or principal.key_id or principal.customer_id == customer_id
    found = db.session().read(_IS_THERE, {"tenant": tenancy.current(), "customer": customer_id}) if may_see else []
    if not found:
        raise NotFound()
    if found[0].merged_at is not None:
        raise merged.refusal_of(db.session().get_one(Customer, customer_id))


_IS_THERE = tenancy.named(
    sa.select(Customer.merged_at).where(
        Customer.tenant_id == sa.bindparam("tenant"), Customer.id == sa.bindparam("customer")
    ),
    "bound to the tenant that is set",
)


def is_email_taken(email: str, *, but_for: UUID | None = None) -> bool:
    """Whether somebody in this tenant has the address, or may come back to it. Registering finds out by itself."""
    key = normalise_email(email)
    taken = sa.select(User.id).where(User.email_key == key)
    return db.session().execute(taken).first() is not None or is_reserved(key, but_for=but_for)


def find_user(user_id: UUID) -> User | None:
    """The person with this id in the tenant that is set."""
    return db.session().scalars(_BY_ID, {"id": user_id}).one_or_none()


_BY_ID = sa.select(User).where(User.id == sa.bindparam("id"))


def people_of(customer_id: UUID) -> Sequence[User]:
    """Everybody who belongs to this customer, the most powerful first."""
    people = sa.select(User).where(User.customer_id == customer_id, User.removed_at.is_(None))
    return db.session().scalars(people.order_by(User.customer_role.desc(), User.created_at, User.id)).all()


def give_password(user: User, password_hash: str) -> None:
    """Set a password without a link: first start and demo. Hash before the transaction begins."""
    user.password_hash = password_hash
    user.password_set_at = clock.now()
    audit.record("PASSWORD_SET", resource_type="user", resource_id=user.id, person_id=user.id)


def reset_owner(email: str | None = None) -> tuple[User, str]:
    """Let a lost owner in again: enabled, OWNER, and a fresh link (1 hour), which is returned.

    Without `email` it is the first owner there is. An address that is new here
    becomes an owner.

    Raises:
        NotFound: no address was given and there is no owner.
        EmailTaken: the address belongs to a customer's person.
    """
    user = _owner_to_reset(email)
    user.staff_role, user.disabled_at = int(Role.OWNER), None
    audit.record("OWNER_RESET", resource_type="user", resource_id=user.id)
    return user, set_password_url(start_password_link(user, "reset"))


def _owner_to_reset(email: str | None) -> User:
    people = sa.select(User).where(User.removed_at.is_(None))
    if email is None:
        owners = people.where(User.staff_role == int(Role.OWNER)).order_by(User.created_at, User.id).limit(1)
        found = db.session().scalars(owners).one_or_none()
        if found is None:
            raise NotFound("There is no owner. Name an e-mail address to make one.")
        return found
    found = db.session().scalars(people.where(User.email_key == normalise_email(email))).one_or_none()
    if found is None:
        return create_staff(email=email, first_name="", last_name="", role=Role.OWNER)
    if not found.is_staff:
        raise EmailTaken("This address belongs to a customer's person.", fields={"email": EmailTaken.text})
    return found
