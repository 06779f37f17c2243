"""The last results of `mpanel isolation check`: kept by the command, shown to the operator."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import sqlalchemy as sa

from app.features.ops.models import IsolationRun
from app.kernel import db

MOST_KEPT = 20


def keep(found: Mapping[str, Any]) -> IsolationRun:
    """Keep the result of a whole run; of old ones the newest `MOST_KEPT` stay."""
    run = IsolationRun(
        version=version("mpanel"),
        **{name: found[name] for name in ("store", "routes", "roles", "calls", "seconds", "fingerprint")},
        findings={"findings": list(found["findings"])},
    )
    db.session().add(run)
    db.session().flush()
    old = sa.select(IsolationRun.id).order_by(IsolationRun.created_at.desc(), IsolationRun.id.desc()).offset(MOST_KEPT)
    db.session().execute(sa.delete(IsolationRun).where(IsolationRun.id.in_(old)))
    return run


def latest() -> Sequence[IsolationRun]:
    """The runs that are kept, the newest first."""
    newest = sa.select(IsolationRun).order_by(IsolationRun.created_at.desc(), IsolationRun.id.desc())
    return db.session().scalars(newest.limit(MOST_KEPT)).all()
