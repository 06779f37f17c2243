"""Rows of the log by the thousand, as the service would have written them."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.kernel import db, tenancy
from app.kernel.ids import new_id

FIRST = datetime(2026, 11, 1, tzinfo=UTC)
KINDS = (
    ("USER_LOGIN", "user"),
    ("USER_LOGIN_FAILED", "user"),
    ("INVOICE_PAID", "invoice"),
    ("INVOICE_ISSUED", "invoice"),
    ("PAYMENT_CALLBACK_SETTLED", "payment_callback"),
    ("SETTINGS_CHANGED", "tenant"),
)
GRAVE = {"USER_LOGIN_FAILED": "warning", "PAYMENT_CALLBACK_SETTLED": "error"}
PEOPLE = [UUID(int=number) for number in range(1, 5)]
THINGS = [UUID(f"019a0000-0000-7000-8000-{number:012x}") for number in range(1, 9)]


def one(at: datetime, **given: Any) -> dict[str, Any]:
    """The values of one row."""
    action, kind = given.pop("action", "USER_LOGIN"), given.pop("resource_type", "user")
    thing = given.pop("resource_id", None)
    return {
        "id": new_id(),
        "tenant_id": tenancy.current(),
        "created_at": at,
        "actor_user_id": None,
        "actor_key_id": None,
        "impersonator_user_id": None,
        "action": action,
        "resource_type": kind,
        "resource_id": thing,
        "severity": GRAVE.get(action, "info"),
        "description": f"{action} {kind} {thing or ''}".rstrip(),
        "state_before": None,
        "state_after": None,
        "personal": None,
        "personal_key_id": None,
        "request_id": "",
        "is_gdpr": action.startswith("USER_"),
        "is_pci": action.startswith(("INVOICE_PAID", "PAYMENT_")),
        **given,
    }


def mixed(count: int, *, seed: int = 1) -> list[dict[str, Any]]:
    """Rows of every kind, some at the same moment."""
    pick = random.Random(seed)
    made = []
    for number in range(count):
        action, kind = pick.choice(KINDS)
        person = pick.choice([*PEOPLE, None])
        made.append(
            one(
                FIRST + timedelta(minutes=number // 3 * 7),
                action=action,
                resource_type=kind,
                resource_id=pick.choice([*THINGS, None]),
                actor_user_id=person,
                impersonator_user_id=pick.choice(PEOPLE) if person and pick.random() < 0.1 else None,
                request_id=pick.choice(["", f"req-{number // 2}"]),
            )
        )
    return made


def insert(found: Sequence[dict[str, Any]]) -> None:
    """Write them, in the open unit of work, behind those that are there."""
    if not db.is_postgresql():
        last = sa.select(sa.func.coalesce(sa.func.max(AuditLog.position), 0))
        place = db.session().scalars(last).one()
        found = [{**row, "position": number} for number, row in enumerate(found, place + 1)]
    many = sa.insert(AuditLog.__table__)
    for begin in range(0, len(found), 2000):
        db.session().execute(tenancy.named(many, "each row names its tenant"), found[begin : begin + 2000])
