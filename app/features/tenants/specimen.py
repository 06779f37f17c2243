"""One brand beside the operator's, made through the service."""

from app.features.tenants import service
from app.features.tenants.models import Tenant

SHOWN = {"tenants": "1 = 1"}


def make(slug: str = "specimen") -> Tenant:
    """A reseller's brand without a domain of its own."""
    return service.create("Specimen Hosting", slug=slug, legal_name="Specimen Hosting Ltd", number_prefix="SP")
