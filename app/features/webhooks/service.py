"""Endpoints: made, changed, switched on and off, their secrets. What they are told is in `deliveries`."""

import base64
import json
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.audit import service as audit
from app.features.messages import service as messages
from app.features.tenants import service as tenants
from app.features.webhooks import mails, topics
from app.features.webhooks.events import WebhookDisabled
from app.features.webhooks.models import Webhook
from app.kernel import clock, crypto, db, outbound
from app.kernel.access import Principal, Role, actor
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.events import publish
from app.kernel.outbound import Refused
from app.kernel.paging import Page, page

__all__ = [
    "MOST_ENDPOINTS", "TooManyEndpoints", "change", "create", "delete", "everything", "find", "find_page", "headers_of",
    "is_restricted", "rotate_secret", "secrets_of", "switch_off", "switch_on",
]  # fmt: skip

MOST_ENDPOINTS = 100
"""Of one tenant: each event makes a row for every endpoint that asked for it."""
BOTH_VALID = timedelta(hours=24)
"""How long a replaced secret signs too."""


class TooManyEndpoints(Conflict):
    """The tenant has as many as it may."""

    code, text = "too_many_endpoints", f"There are {MOST_ENDPOINTS} endpoints; delete one that is not used any more."


def create(
    name: str | None,
    url: str,
    *,
    events: Collection[str] = (),
    headers: Mapping[str, str] | None = None,
    retry_enabled: bool = True,
    is_restricted: bool = False,
) -> tuple[Webhook, str]:
    """Tell `url` what happens from now on: these events, or all when none is named.

    The second of the pair is the signing secret: it is never seen again.
    Without `name` it is called by its host. `is_restricted`: made by a key that may not see what concerns staff.

    Raises:
        Invalid: a value that cannot be; names the field.
        TooManyEndpoints: the tenant has as many as it may.
    """
    address = _checked_url(url)
    tenants.locked()  # one after another: else those that come at once would all find room
    if _count() >= MOST_ENDPOINTS:
        raise TooManyEndpoints()
    secret = _new_secret()
    webhook = Webhook(
        name=_checked_name(host_of(address)[:100] if name is None else name),
        url=address,
        events=topics.checked(events, is_restricted=is_restricted),
        headers_sealed=_sealed(headers or {}),
        secret_sealed=crypto.seal(secret.encode()),
        retry_enabled=retry_enabled,
        is_restricted=is_restricted,
        created_by=actor().user_id,
    )
    db.session().add(webhook)
    db.session().flush()
    _log("WEBHOOK_CREATED", webhook, after=_state(webhook))
    return webhook, secret


def _count() -> int:
    return db.session().scalar(sa.select(sa.func.count(Webhook.id)).where(Webhook.deleted_at.is_(None))) or 0


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _checked_name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Invalid.field("name", "A name has 1 to 100 plain characters.")
    return name


def _checked_url(url: str) -> str:
    """The address as it was understood, so that what is shown is what is used."""
    try:
        return outbound.check_url(url.strip()).url
    except Refused as problem:
        raise Invalid.field("url", str(problem), code="bad_url") from problem


def host_of(address: str) -> str:
    """The host, with its port where that says something: what may be shown of an address whose path may be a secret."""
    return urlsplit(address).netloc


def _sealed(headers: Mapping[str, str]) -> bytes | None:
    try:
        checked = outbound.check_headers(headers)
    except Refused as problem:
        raise Invalid.field("headers", str(problem), code="bad_header") from problem
    return crypto.seal(json.dumps(checked).encode()) if checked else None


def _state(webhook: Webhook) -> dict[str, Any]:
    """What the audit log keeps: the host, not the path, which may be a secret of the receiver's."""
    return {
        "label": webhook.name,
        "host": host_of(webhook.url),
        "events": webhook.events or ["*"],
        "headers": sorted(headers_of(webhook)),
        "retry_enabled": webhook.retry_enabled,
    }


def _log(action: str, webhook: Webhook, **states: Any) -> None:
    audit.record(action, resource_type="webhook", resource_id=webhook.id, **states)


def change(
    webhook: Webhook,
    *,
    name: str,
    url: str,
    events: Collection[str],
    retry_enabled: bool,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Change what an endpoint is and hears. Without `headers` those that it has stay, while it stays where it is:
    they never go to another host than the one they were written for.

    Raises:
        Invalid: a value that cannot be; names the field.
    """
    address = _checked_url(url)
    if headers is None and webhook.headers_sealed is not None and host_of(address) != host_of(webhook.url):
        text = "Write the headers again, or send none: those that are kept were meant for another host."
        raise Invalid.field("headers", text, code="headers_kept")
    webhook.name, webhook.url = _checked_name(name), address
    webhook.events = topics.checked(events, is_restricted=webhook.is_restricted)
    webhook.retry_enabled = retry_enabled
    if headers is not None:
        webhook.headers_sealed = _sealed(headers)
    _log("WEBHOOK_UPDATED", webhook, after=_state(webhook))


def delete(webhook: Webhook) -> None:
    """Tell it nothing any more. What it was told stays in the history; its secret and headers go."""
    # Read anew under the lock: of a secret that somebody makes meanwhile, nothing may stay behind either.
    db.session().refresh(webhook, with_for_update={"key_share": True})
    webhook.deleted_at = clock.now()
    webhook.secret_sealed, webhook.previous_secret_sealed, webhook.headers_sealed = b"", None, None
    _log("WEBHOOK_DELETED", webhook, after={"label": webhook.name})


def switch_on(webhook: Webhook) -> None:
    """Tell it again from now on; its failures are forgotten. Doing so twice is no harm."""
    if webhook.disabled_at is None:
        return
    webhook.disabled_at, webhook.disabled_reason, webhook.failing_since = None, "", None
    _log("WEBHOOK_ENABLED", webhook, after={"label": webhook.name})


def switch_off(webhook_id: UUID, *, reason: str) -> bool:
    """Tell it nothing until somebody switches it on. False when it was off already, whoever came first.

    Its owner is told by mail, unless somebody did it by hand.
    """
    now = clock.now()
    off = (
        sa.update(Webhook)
        .where(Webhook.id == webhook_id, Webhook.disabled_at.is_(None), Webhook.deleted_at.is_(None))
        .values(disabled_at=now, disabled_reason=reason)
        .returning(Webhook.id)
    )
    if db.session().execute(off.execution_options(synchronize_session=False)).first() is None:
        return False
    webhook = db.session().get_one(Webhook, webhook_id, populate_existing=True)
    publish(WebhookDisabled(webhook.id, webhook.name, reason))
    if reason != "by_hand":
        for user in _owners(webhook):
            messages.queue(
                mails.DISABLED,
                to_user=user,
                subject_type="webhook",
                subject_id=webhook.id,
                fact=f"{webhook.id}:{now}",
            )
    return True


def _owners(webhook: Webhook) -> list[User]:
    """Who is told: the member of staff who made it, else the owners of the house."""
    works_here = sa.select(User).where(User.staff_role.is_not(None), User.disabled_at.is_(None))
    maker = db.session().scalars(works_here.where(User.id == webhook.created_by)).one_or_none()
    if maker is not None:
        return [maker]
    return list(db.session().scalars(works_here.where(User.staff_role == int(Role.OWNER))))


def rotate_secret(webhook: Webhook) -> str:
    """A new signing secret, which is returned and never seen again. The one before signs too for 24 hours.

    Of two who do so at once the second replaces what the first was given, which then signs for a day too.

    Raises:
        NotFound: it was deleted meanwhile.
    """
    db.session().refresh(webhook, with_for_update={"key_share": True})
    if webhook.deleted_at is not None:
        raise NotFound()
    secret = _new_secret()
    webhook.previous_secret_sealed, webhook.previous_until = webhook.secret_sealed, clock.now() + BOTH_VALID
    webhook.secret_sealed = crypto.seal(secret.encode())
    _log("WEBHOOK_SECRET_ROTATED", webhook, after={"label": webhook.name})
    return secret


def secrets_of(webhook: Webhook) -> list[str]:
    """The secrets that sign now: the newest first, and the one before while it is still valid."""
    return open_secrets(webhook.secret_sealed, webhook.previous_secret_sealed, webhook.previous_until)


def open_secrets(newest: bytes, previous: bytes | None, until: datetime | None) -> list[str]:
    """The same, from their columns."""
    holds = previous is not None and until is not None and until > clock.now()
    return [crypto.unseal(one).decode() for one in (newest, previous if holds else None) if one is not None]


def headers_of(webhook: Webhook) -> dict[str, str]:
    """The tenant's own headers, with their values: for sending and for nobody's eyes."""
    return open_headers(webhook.headers_sealed)


def open_headers(sealed: bytes | None) -> dict[str, str]:
    """The same, from their column."""
    if sealed is None:
        return {}
    found: dict[str, str] = json.loads(crypto.unseal(sealed))
    return found


def is_restricted(principal: Principal) -> bool:
    """Whether the asking key may not see what concerns staff and security."""
    return principal.key_id is not None and "admin" not in principal.scopes


def find(principal: Principal, webhook_id: UUID) -> Webhook:
    """An endpoint of the asking staff's or key's tenant; restricted keys see those of their own kind.

    Raises:
        NotFound: there is none with this id, or it is no concern of theirs.
    """
    may = principal.is_staff or principal.key_id is not None
    found = db.session().scalar(sa.select(Webhook).where(Webhook.id == webhook_id)) if may else None
    if found is None or found.deleted_at is not None or (is_restricted(principal) and not found.is_restricted):
        raise NotFound()
    return found


def find_page(*, only_restricted: bool = False, cursor: str | None = None, limit: int = 50) -> Page[Webhook]:
    """The tenant's endpoints, newest first; `only_restricted`: those that restricted keys have made."""
    query = sa.select(Webhook).where(Webhook.deleted_at.is_(None))
    return page(query.where(Webhook.is_restricted) if only_restricted else query, Webhook, cursor=cursor, limit=limit)


def everything() -> list[Webhook]:
    """Every endpoint of the tenant, by name; there are `MOST_ENDPOINTS` at most."""
    query = sa.select(Webhook).where(Webhook.deleted_at.is_(None)).order_by(Webhook.name, Webhook.id)
    return list(db.session().scalars(query.limit(MOST_ENDPOINTS)))
