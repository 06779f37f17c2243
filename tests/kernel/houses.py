"""Two houses with one customer and one person each, for the tests of the walls between them."""

from dataclasses import dataclass
from uuid import UUID

from app.features.accounts.models import Customer, User
from app.features.tenants.models import Tenant
from app.kernel import db
from app.kernel.tenancy import across_tenants, as_tenant


@dataclass(frozen=True)
class House:
    """A tenant with one customer and one person."""

    tenant: UUID
    customer: UUID
    user: UUID


def customer_of(name: str) -> Customer:
    return Customer(name=name, email=f"{name}@example.com", currency="USD", search_key=name)


def a_house(name: str) -> House:
    tenant = Tenant(slug=name, name=name)
    with across_tenants("operator"), db.transaction() as session:
        session.add(tenant)
    with as_tenant(tenant.id), db.transaction() as session:
        customer = customer_of(name)
        session.add(customer)
        session.flush()
        user = User(email=f"{name}@x.example", email_key=f"{name}@x.example", customer_id=customer.id, customer_role=5)
        session.add(user)
    return House(tenant.id, customer.id, user.id)
