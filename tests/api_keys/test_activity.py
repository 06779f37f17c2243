"""Every request to `/api/...` is logged a moment later, and none waits for the log."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.api_keys import activity
from app.features.api_keys.models import ApiActivity
from app.features.audit import keys
from app.features.audit.models import AuditLog
from app.kernel import buffer, clock, db, tenancy
from tests.api_keys.factories import make_key

STATUS = "/api/marketing-api/status/system"


def logged() -> list[ApiActivity]:
    buffer.flush()
    return list(db.session().scalars(sa.select(ApiActivity).order_by(ApiActivity.id)))


def test_requests_of_keys_browsers_and_strangers_are_all_logged(as_sam, sam, client, other_tenant):
    key, secret = make_key()
    as_sam.get("/api/sessions", headers={"X-Request-Id": "req-7"})
    client.get(STATUS, headers={"X-API-Key": secret})
    client.get("/api/sessions")
    client.get("/api/nothing/here?token=marked-secret")
    client.get("/sign-in")

    found = [(row.user_id, row.api_key_id, row.method, row.route, row.status) for row in logged()]

    assert found == [
        (sam.id, None, "GET", "/api/sessions", 200),
        (None, key.id, "GET", STATUS, 200),
        (None, None, "GET", "/api/sessions", 401),
        (None, None, "GET", "", 404),
    ]
    assert logged()[0].request_id == "req-7"
    with tenancy.as_tenant(other_tenant.id):
        assert db.session().scalars(sa.select(ApiActivity)).all() == []


@pytest.mark.both_stores
def test_where_a_request_came_from_is_encrypted_for_whose_it_was(as_sam, sam):
    as_sam.get("/api/sessions", headers={"User-Agent": "Marked/7"})

    (row,) = logged()

    assert "Marked" not in repr([getattr(row, column.key) for column in ApiActivity.__table__.columns])
    assert activity.origins([row])[row.id] == {"ip": "127.0.0.1", "user_agent": "Marked/7"}
    keys.destroy(sam.id)
    assert activity.origins([row])[row.id] is None


@pytest.mark.both_stores
def test_a_store_that_takes_no_log_delays_no_answer_and_the_gap_is_said(as_sam, tenant, monkeypatch, now):
    monkeypatch.setattr(buffer, "MOST_HELD", 3)
    rename = "ALTER TABLE {} RENAME TO {}"
    db.session().connection().exec_driver_sql(rename.format("api_activity_logs", "away"))
    first = clock.now()
    for _ in range(5):
        assert as_sam.get("/api/sessions").status_code == 200
        buffer.flush()
        now.shift(10)
    db.session().connection().exec_driver_sql(rename.format("away", "api_activity_logs"))

    assert len(logged()) == 3

    (gap,) = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "API_LOG_GAP"))
    assert gap.severity == "error"
    last = (first + timedelta(seconds=10)).isoformat()
    assert gap.state_after == {"count": 2, "from": first.isoformat(), "to": last}
    assert as_sam.get("/api/sessions").status_code == 200
    assert len(logged()) == 4
    assert len(db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "API_LOG_GAP")).all()) == 1


@pytest.mark.both_stores
def test_old_requests_go_after_as_many_days_as_the_tenant_says(as_sam, tenant, now, monkeypatch):
    monkeypatch.setattr(activity, "AT_ONCE", 2)
    for _ in range(5):
        as_sam.get("/api/sessions")
    tenant.api_log_kept_days = 30
    db.session().flush()
    assert len(logged()) == 5
    now.shift(timedelta(days=29))
    assert activity.remove_old() == 0
    activity.note_use(
        tenant_id=tenant.id, method="GET", route="/api/x", status=200, milliseconds=1, address="", user_agent=""
    )
    assert len(logged()) == 6
    now.shift(timedelta(days=2))

    assert activity.remove_old() == 5
    assert [row.route for row in logged()] == ["/api/x"]
