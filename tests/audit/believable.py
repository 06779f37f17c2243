"""A long log as people make it, written in bulk: named people, states, addresses, each personal part encrypted.

`python -m tests.audit.believable COUNT` adds so many rows to the operator's log, in a panel's environment.
"""

import json
import random
import sys
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.audit.models import PersonKey
from app.features.sessions import service as sessions
from app.features.tenants import service as tenants
from app.kernel import clock, crypto, csrf, db, tenancy
from app.kernel.access import Role
from app.kernel.ids import new_id
from app.running.ground import panel
from tests.audit import rows

MARK = "login: "
PEOPLE = 200
AT_ONCE = 10_000


def write(count: int, *, seed: int = 1) -> None:
    """Add `count` rows of the last year to the log of the tenant that is set."""
    pick = random.Random(seed)
    people = _people()
    begin = clock.now() - timedelta(days=365)
    for first in range(0, count, AT_ONCE):
        many = [
            _row(pick, people, begin + timedelta(days=364) * (number / count))
            for number in range(first, min(first + AT_ONCE, count))
        ]
        with db.transaction():
            rows.insert(many)


def _people() -> list[tuple[UUID, UUID, bytes, str]]:
    """Id, id of the key, key and name of each."""
    made = [(new_id(), new_id(), crypto.new_data_key(), f"Person Number {number}") for number in range(PEOPLE)]
    with db.transaction() as session:
        session.add_all(
            PersonKey(id=key_id, person_id=person_id, sealed_key=crypto.seal(key))
            for person_id, key_id, key, _name in made
        )
    return made


def _row(pick: random.Random, people: list[tuple[UUID, UUID, bytes, str]], at: Any) -> dict[str, Any]:
    person_id, key_id, key, name = pick.choice(people)
    action, kind = pick.choice(rows.KINDS)
    made = rows.one(
        at,
        action=action,
        resource_type=kind,
        resource_id=new_id(),
        actor_user_id=person_id,
        request_id=f"{pick.getrandbits(96):024x}",
        state_before={"status": "open", "total_minor": 2399, "currency": "USD"},
        state_after={"status": "paid", "total_minor": 2399, "currency": "USD"},
        personal_key_id=key_id,
    )
    said = {"actor": name, "ip": "198.51.100.20", "user_agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0"}
    return {**made, "personal": crypto.encrypt(key, json.dumps(said).encode(), made["id"].bytes)}


def main(count: int) -> None:
    """Add so many rows to the operator's log, and print a login of its owner as JSON."""
    with panel():
        with tenancy.across_tenants("operator"), db.transaction(write=False):
            tenant = tenants.operator()
        assert tenant is not None
        with tenancy.as_tenant(tenant.id):
            write(count)
            with db.transaction() as session:
                owner = session.scalars(sa.select(User).where(User.staff_role == Role.OWNER)).first()
                assert owner is not None
                row, token = sessions.start(owner, ip="127.0.0.1", user_agent="A program")
                said = {"cookie": f"mpanel={token}", "csrf": csrf.token_for(row.csrf_secret)}
    sys.stdout.write(MARK + json.dumps(said) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
