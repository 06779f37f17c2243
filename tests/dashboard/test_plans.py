"""What the pages ask finds its rows by an index, however long the log and the queue are."""

import pytest

from app.kernel import db, tenancy
from tests.dashboard.factories import make_busy, make_heartbeat, make_schedule

WRONG = ("ix_audit_logs_moment", "ix_email_queue_newest")
"""Indexes by time: right for lists of everything, a walk for one customer's lines."""
SMALL = {"heartbeats", "scheduled_jobs", "tenants", "branding_configurations"}


@pytest.mark.parametrize("path", ["/admin", "/admin/customers/{customer}", "/client"])
def test_no_page_walks_a_table_that_grows(as_sam, as_alice, alice, plans, queries, path):
    make_busy(alice)
    make_heartbeat()
    make_schedule()
    browser = as_alice if path == "/client" else as_sam
    with queries() as asked:
        assert browser.get(path.format(customer=alice.customer_id)).status_code == 200

    assert [step for statement in asked for step in plan_of(statement) if is_walk(step)] == []


def is_walk(step: str) -> bool:
    scanned = step.removeprefix("SCAN ").split()[0] if step.startswith("SCAN ") else ""
    return scanned in db.Base.metadata.tables.keys() - SMALL or any(index in step for index in WRONG)


def plan_of(statement: str) -> list[str]:
    """How SQLite would go about it."""
    if not statement.lstrip().startswith("SELECT"):
        return []
    connection = db.session().connection()
    with tenancy.across_tenants("operator"):
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (None,) * statement.count("?")).all()
    return [str(row[3]) for row in rows]


@pytest.mark.parametrize("path", ["/admin/orders", "/admin/payments", "/admin/subscriptions", "/admin/billing"])
def test_a_list_reads_its_own_rows_first_in_a_house_with_one_large_tenant(as_sam, queries, path):
    """Where ANALYZE counts as many customers as rows of the list, SQLite would read them all and sort what they have."""
    tell_figures(1000, "customers", "orders", "order_lines", "payments", "subscriptions", "invoices")
    with queries() as asked:
        assert as_sam.get(path).status_code == 200

    (shown,) = (statement for statement in asked if "ORDER BY" in statement and " JOIN customers " in statement)
    steps = plan_of(shown)
    assert len(steps) > 1
    assert [step for step in steps if step.startswith("SCAN") or "FOR ORDER BY" in step] == []


def tell_figures(rows: int, *tables: str) -> None:
    """What ANALYZE would say of tables with so many rows of one tenant."""
    connection = db.session().connection()
    connection.exec_driver_sql("ANALYZE")
    for name in tables:
        connection.exec_driver_sql("DELETE FROM sqlite_stat1 WHERE tbl = ?", (name,))
        for index, columns in connection.exec_driver_sql(
            "SELECT l.name, (SELECT count(*) FROM pragma_index_info(l.name)) FROM pragma_index_list(?) AS l", (name,)
        ).all():
            figures = " ".join(map(str, (rows, rows, *[1] * columns)[: columns + 1]))
            connection.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", (name, index, figures))
    connection.exec_driver_sql("ANALYZE sqlite_schema")
