"""The named steps of a job: laid out when it is wanted, then ticked off one by one."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.provisioning.drivers import steps_of
from app.features.provisioning.models import ProvisioningStep as Row
from app.kernel import clock, db, tenancy
from app.kernel.ids import new_id


def lay_out(job_id: UUID, driver: str, kind: str) -> None:
    """Write down what is to come. One statement; none for a driver that there is not."""
    rows = [
        {
            "id": new_id(),
            "tenant_id": tenancy.current(),
            "created_at": clock.now(),
            "job_id": job_id,
            "position": position,
            "name": step.name,
            "state": "next",
            "tries": 0,
            "outcome": "",
        }
        for position, step in enumerate(steps_of(driver, kind), start=1)
    ]
    if rows:
        db.session().execute(sa.insert(Row), rows)


def of(job_id: UUID) -> list[Row]:
    """All steps of a job, in order."""
    return list(db.session().scalars(sa.select(Row).where(Row.job_id == job_id).order_by(Row.position)))


def begin(job_id: UUID, name: str) -> None:
    """Somebody is at it now."""
    _write(job_id, Row.name == name, Row.state != "done", state="now", started_at=clock.now(), tries=Row.tries + 1)


def _write(job_id: UUID, *conditions: sa.ColumnElement[bool], **values: Any) -> None:
    change = sa.update(Row).where(Row.job_id == job_id, *conditions).values(**values)
    db.session().execute(change.execution_options(synchronize_session="fetch"))


def end(job_id: UUID, name: str, outcome: str) -> None:
    """It is done, for good."""
    _write(job_id, Row.name == name, Row.state != "done", state="done", finished_at=clock.now(), outcome=outcome)


def end_last(job_id: UUID) -> None:
    """What is left of the job is done in this moment."""
    now = clock.now()
    started = sa.func.coalesce(Row.started_at, sa.literal(now, Row.started_at.type))
    _write(job_id, Row.state != "done", state="done", started_at=started, finished_at=now)


def fail(job_id: UUID, name: str, reason: str) -> None:
    """It could not be done this time."""
    _write(job_id, Row.name == name, Row.state != "done", state="failed", finished_at=clock.now(), outcome=reason)


def begin_again(job_id: UUID) -> None:
    """What failed is to be tried anew; what is done stays done."""
    _write(job_id, Row.state == "failed", state="next", finished_at=None)
