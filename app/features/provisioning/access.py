"""How a customer gets into a service: sealed in the database, opened only when somebody asks.

It is in no log, no audit row, no event and no mail.
"""

import json
from dataclasses import asdict, dataclass, fields
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.provisioning.models import ServiceAccess
from app.kernel import access as who
from app.kernel import clock, crypto, db
from app.kernel.errors import NotFound

LABELS = {
    "panel_url": "Control panel",
    "host": "Server",
    "user_name": "User name",
    "password": "Password",
    "notes": "Notes",
}
"""What each part is called, in the order of the page."""


@dataclass(frozen=True, repr=False)
class Access:
    """Everything that is needed to get in. It never says itself in a log or an error."""

    host: str = ""
    user_name: str = ""
    password: str = ""
    panel_url: str = ""
    notes: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it says nothing at all."""
        return not any(asdict(self).values())

    @property
    def shown(self) -> list[tuple[str, str]]:
        """Label and value of what there is."""
        given = asdict(self)
        return [(label, given[name]) for name, label in LABELS.items() if given[name]]


def put(subscription_id: UUID, given: Access) -> None:
    """Keep how to get in, instead of what was kept before."""
    row = _row(subscription_id)
    if row is None:
        row = ServiceAccess(subscription_id=subscription_id)
        db.session().add(row)
    said = {"subscription": str(subscription_id), **asdict(given)}
    row.sealed = crypto.seal(json.dumps(said).encode())
    row.set_at, row.set_by = clock.now(), who.actor().user_id
    db.session().flush()
    audit.record("SERVICE_ACCESS_SET", resource_type="subscription", resource_id=subscription_id)


def _row(subscription_id: UUID) -> ServiceAccess | None:
    return db.session().scalar(sa.select(ServiceAccess).where(ServiceAccess.subscription_id == subscription_id))


def is_there(subscription_id: UUID) -> bool:
    """Whether there is anything to reveal."""
    wanted = sa.select(ServiceAccess.id).where(ServiceAccess.subscription_id == subscription_id)
    return db.session().scalar(wanted) is not None


def reveal(subscription_id: UUID) -> Access:
    """How to get in, in plain. Audited: whoever reads it can.

    Raises:
        NotFound: nothing is kept.
    """
    row = _row(subscription_id)
    if row is None:
        raise NotFound()
    said = json.loads(crypto.unseal(row.sealed))
    if said.pop("subscription") != str(subscription_id):
        raise ValueError("sealed for another service")
    audit.record("SERVICE_ACCESS_REVEALED", resource_type="subscription", resource_id=subscription_id)
    known = {part.name for part in fields(Access)}
    return Access(**{name: text for name, text in said.items() if name in known})


def drop(subscription_id: UUID) -> None:
    """Forget it: there is nothing to get into any more."""
    gone = sa.delete(ServiceAccess).where(ServiceAccess.subscription_id == subscription_id).returning(ServiceAccess.id)
    if db.session().execute(gone.execution_options(synchronize_session="fetch")).first() is not None:
        audit.record("SERVICE_ACCESS_DROPPED", resource_type="subscription", resource_id=subscription_id)
