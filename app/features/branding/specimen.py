"""One brand, made through the service."""

from app.features.branding import service
from app.features.branding.models import BrandingConfiguration
from app.features.tenants.models import Tenant

SHOWN = {"branding_configurations": "1 = 1"}


def make(tenant: Tenant) -> BrandingConfiguration:
    """A brand in yellow, with dark text on it, for the tenant that is set."""
    return service.install_defaults(
        tenant, primary="#f2b01e", secondary="#23201a", accent="#d9573a", support_email="help@specimen.example.com"
    )
