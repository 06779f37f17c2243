"""Writing to the audit log. Rows are only ever added."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.features.audit import actions, keys, masking
from app.features.audit.actions import ACTIONS
from app.features.audit.models import AuditLog, PersonKey
from app.kernel import access, crypto, db, tenancy
from app.kernel.events import Event
from app.kernel.ids import new_id

__all__ = ["ACTIONS", "UnknownAction", "on_event", "personal_part", "record"]


class UnknownAction(ValueError):
    """Somebody tried to log what is not on the list of `actions.ACTIONS`."""


@dataclass(frozen=True)
class _Parts:
    """The states before and after, without what is personal, and what is personal."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None
    personal: dict[str, Any]


def record(
    action: str,
    *,
    resource_type: str,
    resource_id: UUID | None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    severity: str | None = None,
    personal: Mapping[str, Any] | None = None,
    person_id: UUID | None = None,
    gdpr: bool | None = None,
    pci: bool | None = None,
) -> None:
    """Log one act of the present actor, in the running transaction.

    What is personal in `before`, `after` and `personal` is encrypted with the
    key of `person_id` (by default the actor, else the tenant); secrets are
    masked. Severity and flags follow from the action unless given. JSON values
    only.

    Raises:
        UnknownAction: `action` is not on the list.
    """
    parts = _parted(before, after, personal or {}, ())
    _write(action, resource_type, resource_id, parts, person_id, severity=severity, gdpr=gdpr, pci=pci)


def on_event(event: Event) -> None:
    """Log that `event` happened: its name is the action, its payload the state after.

    The personal fields are encrypted with the key of the record it is about,
    when it has any, else of the actor.
    """
    parts = _parted(None, event.payload(), {}, type(event).personal)
    person_id = event.resource_id if parts.personal else None
    _write(event.name.upper().replace(".", "_"), event.resource, event.resource_id, parts, person_id)


def _parted(
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    personal: Mapping[str, Any],
    named: Collection[str],
) -> _Parts:
    plain_before, kept_before = masking.split(before, named)
    plain_after, kept_after = masking.split(after, named)
    kept = {"before": kept_before, "after": kept_after, **personal}
    return _Parts(plain_before, plain_after, {key: value for key, value in kept.items() if value})


def _write(
    action: str,
    resource_type: str,
    resource_id: UUID | None,
    parts: _Parts,
    person_id: UUID | None,
    *,
    severity: str | None = None,
    gdpr: bool | None = None,
    pci: bool | None = None,
) -> None:
    if action not in ACTIONS:
        raise UnknownAction(action)
    actor = access.actor()
    row_id = new_id()
    key = keys.key_for(person_id or actor.user_id or actor.key_id or tenancy.current())
    described = {"actor": actor.name, "ip": actor.ip, "user_agent": actor.user_agent[:500], **parts.personal}
    if actor.impersonator_id is not None:
        described["impersonator"] = actor.impersonator_name
    db.session().add(
        AuditLog(
            id=row_id,
            actor_user_id=actor.user_id,
            actor_key_id=actor.key_id,
            impersonator_user_id=actor.impersonator_id,
            action=action,
            resource_type=resource_type,
            resource_id=resource_id,
            severity=severity or actions.severity_of(action),
            description=f"{action} {resource_type} {resource_id or ''}".rstrip(),
            state_before=parts.before,
            state_after=parts.after,
            personal=_encrypt(key, row_id, described),
            personal_key_id=key.id,
            request_id=actor.request_id,
            is_gdpr=actions.is_gdpr(action) if gdpr is None else gdpr,
            is_pci=actions.is_pci(action) if pci is None else pci,
        )
    )


def _encrypt(key: PersonKey, row_id: UUID, personal: dict[str, Any]) -> bytes | None:
    """The personal part as one blob that only this row can bear; None when the person was erased."""
    secret = keys.unsealed(key)
    if secret is None:
        return None
    return crypto.encrypt(secret, json.dumps(personal, default=str).encode(), row_id.bytes)


def personal_part(row: AuditLog) -> dict[str, Any] | None:
    """What of `row` is personal; None when nothing is, or when the person was erased since."""
    if row.personal is None or row.personal_key_id is None:
        return None
    key = db.session().get(PersonKey, row.personal_key_id)
    secret = keys.unsealed(key) if key is not None else None
    if secret is None:
        return None
    found: dict[str, Any] = json.loads(crypto.decrypt(secret, row.personal, row.id.bytes))
    return found
