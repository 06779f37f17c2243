"""Numbers without gaps: a counter row that is locked last and rolls back with what it numbered."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from app.features.billing.models import NumberSeries
from app.kernel import clock, db, tenancy
from app.kernel.ids import new_id


def take(kind: str) -> int:
    """The next number of the tenant's series `kind`, from 1.

    Others who ask wait until this transaction ends, so ask last in it. Every
    pending row is written before the lock is taken.
    """
    db.session().flush()
    number = _advance(kind)
    if number is None:
        _open_series(kind)
        number = _advance(kind)
    assert number is not None, "the series was opened by the statement before"
    return number


def _advance(kind: str) -> int | None:
    return db.session().scalar(
        sa.update(NumberSeries)
        .where(NumberSeries.kind == kind)
        .values(last=NumberSeries.last + 1)
        .returning(NumberSeries.last)
        .execution_options(synchronize_session=False)
    )


def _open_series(kind: str) -> None:
    """Make the counter, unless somebody else does so in this moment."""
    insert = insert_postgresql if db.is_postgresql() else insert_sqlite
    row = {"id": new_id(), "created_at": clock.now(), "tenant_id": tenancy.current(), "kind": kind, "last": 0}
    db.session().execute(insert(NumberSeries).values(**row).on_conflict_do_nothing())
