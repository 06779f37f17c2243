"""One customer with its people, made through the service."""

from app.features.accounts import service
from app.features.accounts.models import Customer, PasswordToken, User
from app.kernel.access import Role


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
