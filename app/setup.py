"""First start: tables, the operator's tenant, its owner, the catalogue. Safe to repeat."""

import secrets
from dataclasses import dataclass

from app.config import Settings
from app.features.accounts import service as accounts
from app.features.branding import service as branding
from app.features.catalogue import service as catalogue
from app.features.tenants import service as tenants
from app.kernel import crypto, db, tenancy
from app.kernel.access import Role

DEFAULT_OWNER = "owner@mpanel.example.com"


@dataclass(frozen=True)
class FirstStart:
    """What the first start made. `owner_password` is None when the environment gave it."""

    owner_email: str
    owner_password: str | None


def initialise(settings: Settings) -> FirstStart | None:
    """Make the operator's tenant, its owner, the four plans and WELCOME20 in an empty database.

    Returns None, and changes nothing, when the operator's tenant is there.
    """
    email = settings.owner_email or DEFAULT_OWNER
    password = settings.owner_password or secrets.token_urlsafe(12)
    password_hash = crypto.hash_password(password)
    with tenancy.across_tenants("operator"), db.transaction():
        if tenants.operator() is not None:
            return None
        tenant = tenants.create("Harbourline", slug="operator", is_operator=True, legal_name="Harbourline Hosting Ltd")
        with tenancy.as_tenant(tenant.id):
            branding.install_defaults(tenant)
            catalogue.install_defaults()
            accounts.create_staff(
                email=email, first_name="Olive", last_name="Owner", role=Role.OWNER, password_hash=password_hash
            )
    return FirstStart(email, None if settings.owner_password else password)
