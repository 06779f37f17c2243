"""On SQLite OR REPLACE makes room without asking the triggers on DELETE: no row of money gives way to another."""

from contextlib import suppress

import pytest
import sqlalchemy as sa

from app.features.billing import service as billing
from app.kernel import db
from app.kernel.db import Base
from tests.billing.test_service import STARTER
from tests.orders.factories import customer_of
from tests.payments.factories import make_invoice, make_payment

pytestmark = pytest.mark.only_store("sqlite")

TABLES = ("invoices", "invoice_lines", "ledger_entries", "ledger_postings", "payments")
OF_THE_SAME = {
    "id": {},
    "rowid": {"id": "randomblob(16)", "number": "'N-2'", "sequence": "77", "position": "9", "reference": "'ZX-2'"},
    "key": {"id": "randomblob(16)"},
}
"""What the new row has of its own, by what it shares with the one that is there."""


def kept(table):
    return db.session().connection().exec_driver_sql(f"SELECT rowid, * FROM {table} ORDER BY id").all()


@pytest.mark.parametrize("shared", OF_THE_SAME)
@pytest.mark.parametrize("table", TABLES)
def test_no_row_of_money_is_replaced(alice, table, shared):
    make_payment(make_invoice(alice), 1000, reference="ZX-1")
    before = kept(table)
    names = ["rowid", *Base.metadata.tables[table].columns.keys()]
    values = [OF_THE_SAME[shared].get(name, name) for name in names if shared == "rowid" or name != "rowid"]
    names = names[-len(values) :]
    adding = f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} FROM {table}"

    with suppress(sa.exc.IntegrityError), db.session().begin_nested():
        db.session().connection().exec_driver_sql(adding)

    assert before
    assert set(before) <= set(kept(table))


@pytest.mark.parametrize("change", ["id = {0}.id", "rowid = {0}.rowid", "{1}"])
@pytest.mark.parametrize(
    ("table", "key"),
    [("invoices", "number = {0}.number"), ("invoice_lines", "invoice_id = {0}.invoice_id, position = {0}.position")],
)
def test_no_draft_takes_the_place_of_what_was_issued(alice, table, key, change):
    make_invoice(alice)
    issued = kept(table)
    billing.draft(customer=customer_of(alice), lines=[STARTER], currency="USD")
    (drafted,) = set(kept(table)) - set(issued)
    told = change.format("issued", key.format("issued"))

    with suppress(sa.exc.IntegrityError), db.session().begin_nested():
        db.session().connection().exec_driver_sql(
            f"UPDATE OR REPLACE {table} SET {told} FROM (SELECT rowid, * FROM {table} WHERE id = ?) AS issued "
            f"WHERE {table}.id = ?",
            (issued[0].id, drafted.id),
        )

    assert set(issued) <= set(kept(table))
