"""Which brand a request belongs to, and what is set for it.

What is found is remembered for 30 seconds in each process, so that a request
costs no query for its tenant. Remembered tenants are for reading only.
"""

import base64
import re
import secrets
import threading
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from app.config import LOOPBACK
from app.config import current as settings
from app.features.audit import service as audit
from app.features.tenants.models import Tenant
from app.features.tenants.rules import Setting, checked
from app.kernel import clock, crypto, db, jobs, tenancy
from app.kernel.errors import Conflict, Invalid, NotFound

BELL = "settings"
REMEMBERED_SECONDS = 30
"""How long another process may go on with a tenant that was changed or suspended."""
MOST_REMEMBERED = 5000
"""Host names and ids kept at once. Strangers can send any Host header; memory stays bounded."""

SETTINGS_TABS = (
    ("Company", "/admin/settings"),
    ("Money and region", "/admin/settings/region"),
    ("Gateways", "/admin/settings/gateways"),
    ("Mail", "/admin/settings/mail"),
    ("Sign-up and terms", "/admin/settings/sign-up"),
    ("Logs", "/admin/settings/logs"),
)

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")

_OPERATOR = "*"
"""Stands for the operator's own names; no host name has this sign."""

_remembered: dict[str | UUID, tuple[Tenant | None, float]] = {}
_lock = threading.Lock()


def create(name: str, *, slug: str, domain: str | None = None, is_operator: bool = False, **given: Setting) -> Tenant:
    """Make a brand. `given` are its settings: legal name, address, currency and the like.

    Its domain serves nothing until it is verified.

    Raises:
        Invalid: a value that cannot be; names the field.
        Conflict: the slug or the domain is taken, or there is an operator already.
    """
    tenant = Tenant(name=named(name), slug=_checked("slug", slug, _SLUG), is_operator=is_operator)
    tenant.domain = host_name(domain) if domain else None
    for field, value in given.items():
        setattr(tenant, field, checked(field, value))
    _renew_callback_secret(tenant)
    try:
        with db.session().begin_nested():
            db.session().add(tenant)
            db.session().flush()
    except sa.exc.IntegrityError as problem:
        raise taken(problem) from problem
    forget()
    return tenant


def taken(problem: sa.exc.IntegrityError) -> Exception:
    """The refusal for a name that another brand has; any other broken constraint is a bug and stays one."""
    text = str(problem.orig)
    if "slug" in text:
        return Conflict(
            "Another tenant has this short name.", code="tenant_taken", fields={"slug": "Another one has it."}
        )
    if "domain" in text:
        return Conflict(
            "Another tenant has this domain.", code="tenant_taken", fields={"domain": "Another one has it."}
        )
    return Conflict("There is an operator already.", code="tenant_taken") if "is_operator" in text else problem


def operator() -> Tenant | None:
    """The first tenant, whose OWNER looks after the installation; None before `mpanel init`."""
    return _look_up(_OPERATOR)


def named_so(slug: str = "") -> list[tuple[UUID, str]]:
    """Id and short name of every tenant, or of the one of that name. In a unit of work of its own.

    Raises:
        NotFound: there is no such tenant.
    """
    wanted = sa.select(Tenant.id, Tenant.slug).order_by(Tenant.slug)
    with tenancy.across_tenants("operator"), db.transaction(write=False) as session:
        found = session.execute(wanted if not slug else wanted.where(Tenant.slug == slug)).all()
    if slug and not found:
        raise NotFound("There is no such tenant.")
    return [(row.id, row.slug) for row in found]


def find_by_host(host: str) -> Tenant | None:
    """Whose house the host name opens: `APP_URL`'s and this machine's own are the operator's.

    Any other name must be the verified domain of a tenant, else None. A
    suspended tenant is found too; the door says what that means.
    """
    host = host.strip().lower()
    is_own = host in LOOPBACK or host == settings().app_host
    return _recall(_OPERATOR if is_own else host)


def current() -> Tenant:
    """The tenant that is set, for reading.

    Raises:
        NotFound: it is gone.
    """
    found = _recall(tenancy.current())
    if found is None:
        raise NotFound()
    return found


def change(**given: Setting) -> None:
    """Change settings of the tenant that is set; a number prefix counts from the next invoice on.

    Raises:
        Invalid: a value that cannot be; names the field.
    """
    tenant = locked()
    before, after = {}, {}
    for field, value in given.items():
        was, new = getattr(tenant, field), checked(field, value)
        if new != was:
            before[field], after[field] = was, new
            setattr(tenant, field, new)
    if tenant.bank_enabled and not tenant.bank_details:
        raise Invalid.field("bank_details", "Say where the money goes: name, IBAN or account number, bank.")
    settle(tenant, before, after)


def settle(tenant: Tenant, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Write what was changed, and that it was; nothing when nothing was."""
    if not after:
        return
    db.session().flush()
    audit.record("SETTINGS_CHANGED", resource_type="tenant", resource_id=tenant.id, before=before, after=after)
    jobs.ring(BELL)
    forget()


def callback_secret() -> str:
    """What signs the generic payment callback of the tenant that is set, as `whsec_...`.

    A tenant from before there were callbacks gets its secret when it is first
    asked for, in a writing unit of work.
    """
    tenant = db.session().get_one(Tenant, tenancy.current())
    if tenant.callback_secret_sealed is None:
        return rotate_callback_secret()
    return crypto.unseal(tenant.callback_secret_sealed).decode()


def rotate_callback_secret() -> str:
    """Put a new secret in place of the old one, which stops working with this transaction's end."""
    tenant = locked()
    had_one = tenant.callback_secret_sealed is not None
    secret = _renew_callback_secret(tenant)
    settle(tenant, {"callback_secret": had_one or None}, {"callback_secret": True})
    return secret


def _renew_callback_secret(tenant: Tenant) -> str:
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    tenant.callback_secret_sealed = crypto.seal(secret.encode())
    tenant.callback_secret_at = clock.now()
    return secret


def locked() -> Tenant:
    """The row of the tenant that is set, for writing: nobody else changes it until this transaction ends.

    Rows that only name the tenant are written meanwhile, by whoever waits for it too.
    """
    wanted = sa.select(Tenant).where(Tenant.id == tenancy.current()).with_for_update(key_share=True)
    return db.session().scalars(wanted.execution_options(populate_existing=True)).one()


def settings_tabs(here: str) -> list[tuple[str, str, bool]]:
    """The parts of `/admin/settings`, with the one at `here` marked."""
    return [(label, href, href == here) for label, href in SETTINGS_TABS]


def base_url(tenant: Tenant) -> str:
    """Where the tenant's people reach it, without a slash at the end: for links in mails.

    Its own verified domain, with scheme and port of `APP_URL`; else `APP_URL`.
    """
    if tenant.domain is None or tenant.domain_verified_at is None:
        return settings().app_url
    parts = urlsplit(settings().app_url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{tenant.domain}{port}"


def forget() -> None:
    """Drop what this process remembers; after this transaction too, if one is open."""
    _drop()
    if db.has_session():
        db.after_end(_drop)


def _drop() -> None:
    with _lock:
        _remembered.clear()


def _recall(key: str | UUID) -> Tenant | None:
    now = clock.now().timestamp()
    found = _remembered.get(key)
    if found is not None and 0 <= now - found[1] < REMEMBERED_SECONDS:
        return found[0]
    tenant = _look_up(key)
    with _lock:
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[key] = (tenant, now)
        if tenant is not None:
            _remembered[tenant.id] = (tenant, now)
    return tenant


def _look_up(key: str | UUID) -> Tenant | None:
    """A copy of the row that no session minds, read in the open unit of work or one of its own."""
    if not db.has_session():
        with db.transaction(write=False):
            return _look_up(key)
    query = sa.select(*Tenant.__table__.columns)
    if isinstance(key, UUID):
        query = query.where(Tenant.id == key)
    elif key == _OPERATOR:
        query = query.where(Tenant.is_operator)
    else:
        query = query.where(Tenant.domain == key, Tenant.domain_verified_at.is_not(None))
    row = db.session().execute(tenancy.named(query, "tenants belong to nobody")).one_or_none()
    return Tenant(**row._mapping) if row is not None else None


def named(text: str) -> str:
    """A brand's name as it is stored.

    Raises:
        Invalid: it is empty or too long; names the field.
    """
    text = " ".join(text.split())
    if not 1 <= len(text) <= 80:
        raise Invalid.field("name", "A name has 1 to 80 characters.")
    return text


def host_name(text: str) -> str:
    """A host name that a brand may have, as it is stored.

    Raises:
        Invalid: it is none, an address, or the panel's own; names the field.
    """
    text = text.strip().rstrip(".").lower()
    if not _HOST.fullmatch(text) or text.rpartition(".")[2].isdigit():
        raise Invalid.field(
            "domain", "Write a host name such as portal.example.com, without https:// and without a path."
        )
    if text in LOOPBACK or text == settings().app_host:
        raise Invalid.field("domain", "This name is the panel's own.")
    return text


def _checked(field: str, text: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(text):
        raise Invalid.field(field, "Small letters, digits and hyphens, please.")
    return text


def only_the_operator() -> None:
    """Other tenants' staff have no business with the installation.

    Raises:
        NotFound: the tenant that is set is not the operator's.
    """
    if not current().is_operator:
        raise NotFound()
