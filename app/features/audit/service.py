"""Writing to the audit log. Rows are only ever added."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.features.audit import keys, unit
from app.features.audit.actions import ACTIONS
from app.features.audit.lines import Line
from app.features.audit.models import AuditLog, PersonKey
from app.features.audit.unit import write_out
from app.kernel import crypto, db
from app.kernel.events import Event

__all__ = ["ACTIONS", "UnknownAction", "on_event", "personal_part", "record", "write_out"]


class UnknownAction(ValueError):
    """Somebody tried to log what is not on the list of `actions.ACTIONS`."""


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

    What changed on the record so far, flushed or not, is added to `before` and
    `after` by itself: say only what no column says. It is written at the end
    of the transaction, or before somebody reads the log in it.

    What is personal in `before`, `after` and `personal` is encrypted with the
    key of `person_id` (by default of whom the changed record is about, else of
    the actor, else of the tenant); secrets are masked. Severity and flags
    follow from the action unless given.

    Raises:
        UnknownAction: `action` is not on the list.
    """
    _tell(
        Line(
            action, resource_type, resource_id, _copied(before), _copied(after), dict(personal or {}),
            person_id=person_id, severity=severity, gdpr=gdpr, pci=pci,
        )
    )  # fmt: skip


def on_event(event: Event) -> None:
    """Log that `event` happened: its name is the action, its payload the state after.

    The personal fields are encrypted with the key of the record it is about,
    when it has any, else of the actor.
    """
    _tell(
        Line(
            event.name.upper().replace(".", "_"), event.resource, event.resource_id, None, event.payload(),
            named=type(event).personal, about_id=event.resource_id,
        )
    )  # fmt: skip


def _copied(state: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if state is None else dict(state)


def _tell(line: Line) -> None:
    if line.action not in ACTIONS:
        raise UnknownAction(line.action)
    unit.tell(line)


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
