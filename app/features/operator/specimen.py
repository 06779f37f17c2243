"""One house, opened through the service."""

from app.features.accounts.models import User
from app.features.operator import service
from app.features.operator.service import Founder
from app.features.tenants.models import Tenant


def make(tag: str = "specimen") -> tuple[Tenant, User]:
    """A brand on a host of its own, with plans and an owner."""
    return service.open_house(
        f"{tag.title()} House",
        slug=tag,
        domain=f"{tag}.houses.example",
        owner=Founder(f"owner@{tag}.houses.example", "Specimen", "Owner"),
        number_prefix="SH",
    )
