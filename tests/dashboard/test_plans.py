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
