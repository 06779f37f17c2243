"""Customers and people, made through the service."""

from itertools import count

from app.features.accounts import service
from app.features.accounts.models import Customer, PasswordToken, User
from app.kernel import clock, crypto, db, terms
from app.kernel.access import Role

_numbers = count(1)
PASSWORD = "correct horse battery staple"
PASSWORD_HASH = crypto.hash_password(PASSWORD)


def make_customer(name: str = "", **more: str) -> Customer:
    """A customer without people that matter. `more`: columns of the customer."""
    number = next(_numbers)
    first, _, last = (name or f"Customer {number}").partition(" ")
    customer, _user = service.register(email=f"customer{number}@example.com", first_name=first, last_name=last)
    for column, value in more.items():
        setattr(customer, column, value)
    customer.refresh_search_key()
    terms.keep("customer", customer.id, customer.texts)
    db.session().flush()
    return customer


def make_link(user: User, purpose: str = "reset", *, delivered: bool = True) -> tuple[PasswordToken, str]:
    """A password link of `user` and its token."""
    link = service.start_password_link(user, purpose)
    if delivered:
        service.mark_delivered(link)
    db.session().flush()
    return link, service.link_token(link)


def give_password(user: User, password_hash: str = PASSWORD_HASH) -> User:
    """`user`, who signs in with PASSWORD from now on."""
    service.give_password(user, password_hash)
    db.session().flush()
    return user


def shut_out(user: User) -> User:
    """`user`, whose access has ended."""
    user.disabled_at = clock.now()
    db.session().flush()
    return user


def make_colleague(role: Role, name: str = "Sal") -> User:
    """Somebody on the staff, with PASSWORD."""
    return service.create_staff(
        email=f"{name}{next(_numbers)}@harbourline.example", first_name=name, last_name="Staff", role=role,
        password_hash=PASSWORD_HASH,
    )  # fmt: skip


def make_mate(user: User, role: Role, name: str = "Tom") -> User:
    """Somebody else in the account of `user`, with PASSWORD."""
    assert user.customer_id is not None
    return service.join(
        user.customer_id, email=f"{name}{next(_numbers)}@mates.example", first_name=name, last_name="Finch", role=role,
        password_hash=PASSWORD_HASH,
    )  # fmt: skip
