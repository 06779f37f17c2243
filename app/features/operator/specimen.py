"""One house, opened through the service."""

from app.features.accounts.models import User
from app.features.operator import service
from app.features.operator.service import Founder
from app.features.tenants import lifecycle
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


def of_operator(tag: str) -> None:
    """Two brands besides: one that is suspended, one that is closed."""
    suspended, _owner = make(f"{tag}-paused")
    lifecycle.suspend(suspended.id, note=f"For {tag}")
    closed, _owner = make(f"{tag}-closed")
    lifecycle.close(closed.id, confirm_name=closed.slug)
