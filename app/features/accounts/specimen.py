"""One customer with its people, made through the service; and a whole account, somebody in each role."""

from dataclasses import dataclass

from app.features.accounts import by_hand, email_changes, service, sign_up
from app.features.accounts.models import Customer, CustomerNote, PasswordToken, User
from app.kernel import db, terms
from app.kernel.access import Principal, Role


@dataclass(frozen=True)
class Account:
    """A customer with somebody in each role: what rooms above make one of each thing for."""

    customer: Customer
    people: dict[Role, User]

    @property
    def owner(self) -> User:
        """Who may do everything in it."""
        return self.people[Role.OWNER]


def make(tag: str = "specimen") -> tuple[Customer, User, PasswordToken]:
    """A customer, its owner, and the link that the owner got."""
    customer, owner = service.register(
        email=f"{tag}@customers.example.com",
        first_name="Specimen",
        last_name="Customer",
        company=f"{tag.title()} Works",
        attribution=service.Attribution(marketing_source="google-ads", utm_campaign="summer-sale"),
    )
    return customer, owner, service.start_password_link(owner, "first")


def make_staff(role: Role, tag: str = "specimen") -> User:
    """Somebody who works here, in that role."""
    return service.create_staff(
        email=f"{tag}-{role.name.lower()}@staff.example.com", first_name=role.name.title(), last_name="Staff", role=role
    )


def make_account(tag: str) -> Account:
    """A customer called after `tag`, with somebody in each role; the owner has a link for a first password."""
    customer, owner, _link = make(tag)
    customer.marketing_source = f"site-{tag}"
    customer.phone, customer.city, customer.address_line = "+44 20 7946 0000", f"{tag.title()} Town", f"1 {tag} Lane"
    people = {role: owner if role is Role.OWNER else _person(customer, role, tag) for role in Role}
    db.session().flush()
    return Account(customer, people)


def _person(customer: Customer, role: Role, tag: str) -> User:
    address = f"{tag}-{role.name.lower()}@customers.example.com"
    user = User(
        email=address,
        email_key=address,
        first_name=role.name.title(),
        last_name=tag.title(),
        customer_id=customer.id,
        customer_role=int(role),
    )
    db.session().add(user)
    db.session().flush()
    terms.keep("user", user.id, user.texts)
    return user


def principal_of(user: User) -> Principal:
    """Who the person is at the door."""
    return Principal(
        tenant_id=user.tenant_id,
        user_id=user.id,
        name=user.name,
        email=user.email,
        staff_role=Role(user.staff_role) if user.staff_role else None,
        customer_id=user.customer_id,
        customer_role=Role(user.customer_role) if user.customer_role else None,
    )


def in_house(tag: str) -> None:
    """Somebody wants to open an account and has not proved the address yet; a closed customer, whose owner moved to
    another address before that and may take it back."""
    sign_up.request(
        email=f"{tag}@sign-up.example.com", first_name=tag.title(), last_name="New", company=f"{tag.title()} New",
        terms_version="", wants_news=False,
    )  # fmt: skip
    customer, owner, _link = make(f"{tag}-gone")
    email_changes.request(owner, f"{tag}-moved@customers.example.com")
    db.session().flush()
    change = email_changes.pending(owner.id)
    assert change is not None
    email_changes.confirm(change)
    by_hand.close(customer)


def of_account(account: Account, tag: str) -> None:
    """A note of the staff about it, and its owner, who wants to sign in by another address."""
    db.session().add(CustomerNote(customer_id=account.customer.id, text=f"{tag} pays in time."))
    email_changes.request(account.owner, f"{tag}-later@customers.example.com")
    db.session().flush()
