"""On SQLite OR REPLACE makes room without asking the triggers on DELETE: neither rows of the log nor seals give way."""

import pytest
import sqlalchemy as sa

from app.features.audit import canon, sealing, verifying
from app.features.audit.models import AuditSeal
from app.kernel import db, tenancy
from tests.audit.test_sealing import house as house
from tests.audit.test_sealing import write

pytestmark = pytest.mark.only_store("sqlite")

COLUMNS = {"audit_logs": canon.COLUMNS, "audit_seals": tuple(AuditSeal.__table__.columns.keys())}


@pytest.mark.parametrize(("table", "key"), [("audit_logs", "position"), ("audit_seals", "number")])
def test_nothing_takes_the_place_of_another_row(house, table, key):
    write(6)
    sealing.run()
    names = ("rowid", *COLUMNS[table])
    values = ({"id": "randomblob(16)", key: f"{key} + 1000"}.get(name, name) for name in names)
    adding = f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table}"

    with pytest.raises(sa.exc.IntegrityError), db.transaction() as session:
        session.execute(tenancy.named(sa.text(adding), "the test tries it"))

    assert verifying.verify().findings == []
