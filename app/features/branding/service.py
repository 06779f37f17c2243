"""The brand that is served: read, cached, changed."""

import hashlib
import re
import threading
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.branding import colours
from app.features.branding.colours import MailColours
from app.features.branding.models import BrandingConfiguration
from app.features.tenants import service as tenants
from app.features.tenants.models import Tenant
from app.kernel import clock, db, tenancy
from app.kernel.errors import Invalid

PRIMARY, SECONDARY, ACCENT = "#2456d6", "#10203f", "#2bb8a3"
CACHED_SECONDS = 3600
FRESH_SECONDS = 5
"""How long a process trusts its cache before it asks the database whether another one has changed the brand."""
COLOURS = ("primary", "secondary", "accent")
ADDRESSES = ("terms_url", "privacy_url")
WORDS = {"company_name": 80, "tagline": 160, "support_email": 254, "support_phone": 40, "address": 300}
"""Fields of plain words with their greatest length."""
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""Control characters, and those that turn the direction of what follows."""


@dataclass(frozen=True)
class Brand:
    """A brand as templates need it. What is unknown is empty."""

    name: str
    stylesheet: str
    colours: MailColours
    tagline: str = ""
    support_email: str = ""
    support_phone: str = ""
    address: str = ""
    terms_url: str = ""
    privacy_url: str = ""
    logo_light: str = ""
    logo_dark: str = ""


@dataclass
class _Cached:
    """A brand with the version it was made of, and until when it is believed."""

    brand: Brand
    version: datetime
    drop_at: float
    ask_at: float


_cache: dict[UUID, _Cached] = {}
_lock = threading.Lock()


def brand() -> Brand:
    """The brand of the tenant that is set.

    Kept for an hour, dropped at once by a change; a change made by another
    process is seen within 5 seconds. Needs no open unit of work, and goes on
    with what it knows while the database is away.
    """
    tenant_id = tenancy.current()
    now = clock.now().timestamp()
    found = _cache.get(tenant_id)
    if found is not None and now < found.ask_at:
        return found.brand
    try:
        with db.transaction(write=False):
            return _asked(tenant_id, found, now)
    except sa.exc.SQLAlchemyError:
        if found is None:
            raise
        return found.brand


def _asked(tenant_id: UUID, found: _Cached | None, now: float) -> Brand:
    """The brand after a look at the database: whether the cached one still holds, else anew."""
    if found is not None and now < found.drop_at and _version() == found.version:
        found.ask_at = now + FRESH_SECONDS
        return found.brand
    row = _find()
    if row is None:
        return _unconfigured(tenants.current())
    made = _made(row)
    with _lock:
        _cache[tenant_id] = _Cached(made, row.changed_at, now + CACHED_SECONDS, now + FRESH_SECONDS)
    return made


def _version() -> datetime | None:
    return db.session().scalars(sa.select(BrandingConfiguration.changed_at)).one_or_none()


def _find() -> BrandingConfiguration | None:
    return db.session().scalars(sa.select(BrandingConfiguration)).one_or_none()


def _made(row: BrandingConfiguration) -> Brand:
    return Brand(
        name=row.company_name,
        stylesheet=_address(row.primary, row.secondary, row.accent),
        colours=colours.mail_colours(row.primary),
        tagline=row.tagline,
        support_email=row.support_email,
        support_phone=row.support_phone,
        address=row.address,
        terms_url=row.terms_url,
        privacy_url=row.privacy_url,
    )


def _unconfigured(tenant: Tenant) -> Brand:
    return Brand(
        name=tenant.name,
        stylesheet=_address(PRIMARY, SECONDARY, ACCENT),
        colours=colours.mail_colours(PRIMARY),
        address=tenant.address,
    )


@cache
def _sheet(primary: str, secondary: str, accent: str) -> tuple[str, str]:
    text = colours.stylesheet(primary, secondary, accent)
    return hashlib.sha256(text.encode()).hexdigest()[:20], text


def _address(primary: str, secondary: str, accent: str) -> str:
    return f"/brand/{_sheet(primary, secondary, accent)[0]}.css"


def stylesheet() -> tuple[str, str]:
    """The hash and the text of the present stylesheet of the tenant that is set, straight from its row."""
    row = _find()
    return _sheet(row.primary, row.secondary, row.accent) if row is not None else _sheet(PRIMARY, SECONDARY, ACCENT)


def install_defaults(tenant: Tenant, **values: str) -> BrandingConfiguration:
    """Give `tenant`, the one that is set, its first brand: its name and address, the house's colours.

    `values` are fields of the brand that are known already. A brand that is there stays as it is.
    """
    found = _find()
    if found is not None:
        return found
    given = {"company_name": tenant.name, "address": tenant.address} | values
    given = {"primary": PRIMARY, "secondary": SECONDARY, "accent": ACCENT} | given
    row = BrandingConfiguration(**{name: _checked(name, value) for name, value in given.items()})
    db.session().add(row)
    db.session().flush()
    return row


def change(row: BrandingConfiguration, **values: str) -> None:
    """Change fields of the brand; every process shows it within 5 seconds, this one at once.

    Raises:
        Invalid: a colour that nothing can be read on, an address that is none; names the field.
    """
    checked = {name: _checked(name, value) for name, value in values.items()}
    before = {name: getattr(row, name) for name in checked}
    for name, value in checked.items():
        setattr(row, name, value)
    row.changed_at = clock.now()
    audit.record("BRANDING_UPDATED", resource_type="branding", resource_id=row.id, before=before, after=checked)
    tenant_id = tenancy.current()
    db.after_commit(lambda: drop(tenant_id))


def drop(tenant_id: UUID) -> None:
    """Forget the cached brand of `tenant_id` in this process."""
    with _lock:
        _cache.pop(tenant_id, None)


def _checked(name: str, text: str) -> str:
    if name in COLOURS:
        return colours.checked(name, text)
    if name in ADDRESSES:
        return _checked_address(name, text.strip())
    text = _UNSEEN.sub(" ", text).strip()
    if len(text) > WORDS[name]:
        raise Invalid.field(name, f"At most {WORDS[name]} characters.")
    if name == "company_name" and not text:
        raise Invalid.field(name, "A brand needs a name.")
    return text


def _checked_address(name: str, text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in {"http", "https"} or not parts.hostname or _UNSEEN.search(text)):
        raise Invalid.field(name, "An address starts with https://.")
    return text
