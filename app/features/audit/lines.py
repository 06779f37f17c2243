"""The rows of the log that a unit of work has to write: held until its end, then written all at once."""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import actions, keys, masking
from app.features.audit.changes import Change, State
from app.features.audit.models import AuditLog, AuditSeal
from app.kernel import access, clock, crypto, db, prepared, tenancy
from app.kernel.access import Actor
from app.kernel.columns import Id
from app.kernel.ids import new_id

_GDPR, _PCI = frozenset({"customer", "user", "invitation"}), frozenset({"payment", "api_key"})
"""Records of which every change belongs into those trails."""


@dataclass
class Line:
    """One row to be written."""

    action: str
    kind: str
    """The resource type."""
    record_id: UUID | None
    before: State | None = None
    after: State | None = None
    personal: State = field(default_factory=dict)
    named: Collection[str] = ()
    """Fields that are personal here, besides those that always are."""
    person_id: UUID | None = None
    """With whose key what is personal is encrypted."""
    about_id: UUID | None = None
    """The same, where nothing else is said and something of the record is personal."""
    severity: str | None = None
    gdpr: bool | None = None
    pci: bool | None = None
    id: UUID = field(default_factory=new_id)
    tenant_id: UUID = field(default_factory=tenancy.current)
    created_at: datetime = field(default_factory=clock.now)
    actor: Actor = field(default_factory=access.actor)

    def add(self, change: Change) -> None:
        """Tell what changed on the record besides what the verb says itself."""
        self.before = _besides(self.before, change.before)
        self.after = _besides(self.after, change.after)
        self.named = {*self.named, *change.watched.personal}
        self.about_id = change.person_id or self.about_id

    def add_part(self, change: Change) -> None:
        """Tell what changed on a part of the record, unless the verb tells of such parts in its own words."""
        name = f"{change.watched.name}s"
        self.before = _with_part(self.before, name, change.before)
        self.after = _with_part(self.after, name, change.after)
        if (change.watched.personal | masking.PERSONAL) & {*(change.before or ()), *(change.after or ())}:
            self.named = {*self.named, name}
            self.about_id = self.about_id or change.person_id


def _with_part(state: State | None, name: str, told: State | None) -> State | None:
    if told is None:
        return state
    state = state or {}
    parts = state.setdefault(name, [])
    if isinstance(parts, list):
        parts.append(told)
    return state


def _besides(said: State | None, changed: State | None) -> State | None:
    if not changed:
        return said
    if not said:
        return changed
    known = {masking.snake(name) for name in said}
    return {**said, **{name: value for name, value in changed.items() if name not in known}}


def of_change(change: Change, *, actor: Actor) -> Line:
    """The row of a change that no verb named."""
    kind = change.watched.name
    action = "RECORD_UPDATED"
    if change.before is None or change.after is None:
        action = "RECORD_CREATED" if change.before is None else "RECORD_DELETED"
    return Line(
        action, kind, change.record_id, change.before, change.after, named=change.watched.personal,
        about_id=change.person_id, gdpr=kind in _GDPR, pci=kind in _PCI, tenant_id=change.tenant_id, actor=actor,
    )  # fmt: skip


def write(lines: list[Line]) -> None:
    """Write them, those of each tenant at once, whichever tenant is set."""
    by_tenant: dict[UUID, list[Line]] = {}
    for line in lines:
        by_tenant.setdefault(line.tenant_id, []).append(line)
    for tenant_id, mine in by_tenant.items():
        if tenancy.is_set() and tenancy.current() == tenant_id:
            _write(mine)
        else:
            with tenancy.as_tenant(tenant_id):
                _write(mine)


def _write(lines: list[Line]) -> None:
    parted = [(line, *_parted(line)) for line in lines]
    people = [_person_of(line, personal) for line, _before, _after, personal in parted]
    held = keys.for_people(sorted(set(people)))
    rows = [
        _row(line, before, after, held[person_id], personal)
        for person_id, (line, before, after, personal) in zip(people, parted, strict=True)
    ]
    connection = db.session().connection()
    if connection.dialect.name == "sqlite":
        place = prepared.fetch(connection, LAST_PLACE, {"tenant": lines[0].tenant_id})[0][0]
        for at, row in enumerate(rows, place + 1):
            row["position"] = at
    connection.execute(_INSERT, rows)


def last_place(tenant: Any) -> sa.ColumnElement[int]:
    """The last position in a tenant's log on SQLite, which has one writer at a time; PostgreSQL has a sequence."""
    newest = sa.select(sa.func.max(AuditLog.position)).where(AuditLog.tenant_id == tenant).scalar_subquery()
    sealed = (
        sa.select(AuditSeal.last_position)
        .where(AuditSeal.tenant_id == tenant)
        .order_by(AuditSeal.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    return sa.func.max(sa.func.coalesce(newest, 0), sa.func.coalesce(sealed, 0))


LAST_PLACE = sa.select(last_place(sa.bindparam("tenant", type_=Id())).label("place"))
_INSERT = sa.insert(cast("sa.Table", AuditLog.__table__))


def _parted(line: Line) -> tuple[State | None, State | None, State]:
    """The states without what is personal; and that."""
    plain_before, kept_before = masking.split(line.before, line.named)
    plain_after, kept_after = masking.split(line.after, line.named)
    kept = {"before": kept_before, "after": kept_after, **masking.masked(line.personal)}
    return plain_before, plain_after, {key: value for key, value in kept.items() if value}


def _person_of(line: Line, personal: State) -> UUID:
    """With whose key: who was named, else whom the record is about, else the actor's, else the tenant's.

    Who is not signed in yet, and does something to a person's record from somewhere, is taken for that person.
    """
    about = line.about_id if personal else None
    known = about or line.actor.user_id or line.actor.key_id
    if known is None and line.kind in _GDPR and line.actor.ip:
        known = line.about_id or line.record_id
    return line.person_id or known or line.tenant_id


def _row(line: Line, before: State | None, after: State | None, key: keys.Held, personal: State) -> State:
    actor = line.actor
    described = {"actor": actor.name, "ip": actor.ip, "user_agent": actor.user_agent[:500], **personal}
    if actor.impersonator_id is not None:
        described["impersonator"] = actor.impersonator_name
    sealed = None
    if key.secret is not None:
        sealed = crypto.encrypt(key.secret, json.dumps(described, default=str).encode(), line.id.bytes)
    return {
        "id": line.id,
        "tenant_id": line.tenant_id,
        "created_at": line.created_at,
        "actor_user_id": actor.user_id,
        "actor_key_id": actor.key_id,
        "impersonator_user_id": actor.impersonator_id,
        "action": line.action,
        "resource_type": line.kind,
        "resource_id": line.record_id,
        "severity": line.severity or actions.severity_of(line.action),
        "description": f"{line.action} {line.kind} {line.record_id or ''}".rstrip(),
        "state_before": before,
        "state_after": after,
        "personal": sealed,
        "personal_key_id": key.row_id,
        "request_id": actor.request_id,
        "is_gdpr": actions.is_gdpr(line.action) if line.gdpr is None else line.gdpr,
        "is_pci": actions.is_pci(line.action) if line.pci is None else line.pci,
    }
