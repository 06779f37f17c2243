"""First start: the operator's tenant, its owner, the catalogue, a demo. Safe to repeat."""

import json
import secrets
from uuid import UUID

from app import demo
from app.config import LOOPBACK, SettingError, Settings
from app.features.accounts import service as accounts
from app.features.api_keys import service as api_keys
from app.features.operator import service as operator
from app.features.operator.service import Founder
from app.features.tenants import service as tenants
from app.kernel import crypto, db, tenancy
from app.kernel.errors import Invalid

DEFAULT_OWNER = "owner@mpanel.example.com"
PLAIN_HOUSE: tuple[str, str, dict[str, str]] = ("mPanel", "", {})
DEMO_HOUSE: tuple[str, str, dict[str, str]] = (
    "Harbourline",
    "Harbourline Hosting Ltd",
    {
        "tagline": "Hosting that answers the phone, and rarely needs to.",
        "address": "12 Quay Street, Bristol",
        "support_email": "support@harbourline.example.com",
    },
)
"""Name, legal name and brand of the first tenant, without and with the demo."""
SAMPLE = {
    "email": "customer@example.com",
    "firstName": "John",
    "lastName": "Doe",
    "planId": "shared-starter",
    "billingCycle": "oneYear",
    "promoCode": "WELCOME20",
    "marketingSource": "google-ads",
    "utmParams": {"campaign": "summer-sale", "source": "google", "medium": "cpc"},
}


def initialise(settings: Settings, *, with_demo: bool) -> list[str]:
    """Make the operator's tenant, its owner, the four plans and WELCOME20 in an empty database.

    Returns the lines to print: the addresses, and what was generated, which is
    shown this once. Where the operator's tenant is there, nothing changes.
    """
    email = _owner_email(settings)
    name, legal_name, brand = DEMO_HOUSE if with_demo else PLAIN_HOUSE
    password = settings.owner_password or secrets.token_urlsafe(12)
    password_hash = crypto.hash_password(password)
    with tenancy.across_tenants("operator"), db.transaction():
        tenant = tenants.operator()
        if tenant is not None:
            return _kept(settings)
        tenant, _owner = operator.open_house(
            name,
            slug="operator",
            owner=Founder(email, email.partition("@")[0].replace(".", " ").title(), password_hash=password_hash),
            is_operator=True,
            brand=brand,
            legal_name=legal_name,
            sandbox_enabled=with_demo or settings.app_host in LOOPBACK,
        )
    shown = "the one in MPANEL_OWNER_PASSWORD" if settings.owner_password else password
    lines = [
        "",
        "mPanel is set up. What was generated is shown this once:",
        f"  staff      {settings.app_url}/admin/sign-in   {email}   {shown}",
    ]
    return lines + (_demo(settings, tenant.id) if with_demo else [])


def _owner_email(settings: Settings) -> str:
    """The first owner's address.

    Raises:
        SettingError: MPANEL_OWNER_EMAIL cannot be an account's.
    """
    try:
        return accounts.clean_email(settings.owner_email or DEFAULT_OWNER)
    except Invalid as problem:
        raise SettingError("MPANEL_OWNER_EMAIL must be an address that mail reaches, as name@example.com") from problem


def _kept(settings: Settings) -> list[str]:
    return [
        "",
        "mPanel is set up already; everything is kept.",
        f"  staff      {settings.app_url}/admin/sign-in",
        f"  customers  {settings.app_url}/sign-in",
        "  The owner's password was shown at the first start; `mpanel owner reset` makes a new one.",
    ]


def _demo(settings: Settings, tenant_id: UUID) -> list[str]:
    if settings.smtp_url is not None:
        return ["  No demo was loaded: SMTP_URL is set, and its people would be written to."]
    with tenancy.as_tenant(tenant_id):
        login = demo.load_house()
        with db.transaction():
            _key, secret = api_keys.create("Marketing site", scopes=["marketing"], kind="marketing")
    body = json.dumps(SAMPLE)
    return [
        f"  customer   {settings.app_url}/sign-in   {login.email}   {login.password}",
        f"  API key    {secret}",
        "",
        "A sign-up, as the marketing site sends it:",
        f"  curl -s {settings.app_url}/api/marketing-api/accounts/create -H 'X-API-Key: {secret}' \\",
        f"    -H 'Content-Type: application/json' -H 'Idempotency-Key: first-try' -d '{body}'",
    ]
