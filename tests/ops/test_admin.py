"""The page about the installation: for the staff of whoever runs it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.audit.facts import written_at
from app.kernel import clock, db
from app.kernel.access import Role
from app.kernel.ids import new_id
from app.kernel.schedule import ScheduledJob
from tests.dashboard.factories import make_heartbeat, make_schedule
from tests.messages.factories import make_message
from tests.support.cast import make_staff


def test_it_shows_processes_queues_schedules_and_versions(as_sam, alice, queries):
    make_heartbeat()
    make_heartbeat("web")
    make_message(alice)
    make_schedule("ops.tidy", title="Housekeeping")

    with queries(max=15):
        page = as_sam.get("/admin/ops")

    assert page.status_code == 200
    for words in ("Everything runs.", "Housekeeping", "Mail", "1 web, 1 worker", "4711", "SQLite", "newest"):
        assert words in page.text


def test_without_a_worker_it_says_what_to_do(as_sam):
    page = as_sam.get("/admin/ops")

    assert "No worker is running" in page.text
    assert "mpanel worker" in page.text


def test_it_names_what_is_late_what_failed_and_what_is_stuck(as_sam, alice):
    make_heartbeat()
    make_schedule("ops.tidy", title="Housekeeping", last_outcome="failed", last_error="OSError: <b>disk</b> full")
    make_schedule("test.late", next_run_at=clock.now() - timedelta(hours=3), last_missed=4)
    make_message(alice, next_at=clock.now() - timedelta(minutes=30))

    page = as_sam.get("/admin/ops")

    assert "3 things need you." in page.text
    assert "Housekeeping failed" in page.text and "&lt;b&gt;disk&lt;/b&gt;" in page.text
    assert "Test: late is late" in page.text and "4 missed before" in page.text
    assert "Mail is stuck" in page.text


def test_a_log_that_waits_for_its_seals_is_an_alarm_here_and_on_the_first_page(sign_in, sam, now):
    audit.record("JOB_RUN", resource_type="job", resource_id=None)
    written = written_at(new_id())  # ids go by the real clock
    now.move_to(written + timedelta(minutes=9))
    make_heartbeat()
    make_schedule()
    staff = sign_in(sam)
    assert "Everything runs." in staff.get("/admin/ops").text

    now.move_to(written + timedelta(minutes=12))
    make_heartbeat()

    assert "The audit log waits for its seals" in staff.get("/admin/ops").text
    first = staff.get("/admin").text
    assert "The audit log waits for its seals. Everything else ran." in first
    assert "Its oldest row without a seal was written 12 min ago." in first


def test_run_now_makes_the_work_due(as_sam):
    row = make_schedule("ops.tidy", title="Housekeeping")

    answer = as_sam.post("/admin/ops/schedules/ops.tidy/runs")

    assert (answer.status_code, answer.location) == (303, "/admin/ops#schedules")
    due = db.session().scalar(sa.select(ScheduledJob.next_run_at).where(ScheduledJob.id == row.id))
    assert due == clock.now()
    assert "Housekeeping starts within two seconds." in as_sam.get("/admin/ops").text


def test_work_that_does_not_exist_cannot_be_run(as_sam):
    assert as_sam.post("/admin/ops/schedules/nothing/runs").status_code == 404


def test_a_form_from_elsewhere_is_refused(as_sam):
    make_schedule("ops.tidy", title="Housekeeping")

    assert as_sam.post("/admin/ops/schedules/ops.tidy/runs", csrf=False).status_code == 403


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.BILLING])
def test_staff_below_admin_may_not(sign_in, tenant, role):
    person = sign_in(make_staff(f"{role.name.lower()}@harbourline.example", "Pat", role))

    assert person.get("/admin/ops").status_code == 403
    assert person.post("/admin/ops/schedules/ops.tidy/runs").status_code == 403


def test_strangers_may_not(client, as_alice, as_charlie):
    assert client.get("/admin/ops").status_code == 303
    for stranger in (as_alice, as_charlie):
        assert stranger.get("/admin/ops").status_code in {403, 404}
        assert stranger.post("/admin/ops/schedules/ops.tidy/runs").status_code in {403, 404}


def test_staff_of_another_tenant_have_no_business_with_the_installation(as_sam, tenant):
    tenant.is_operator = False

    assert as_sam.get("/admin/ops").status_code == 404
