"""`/admin/provisioning`: what has to be set up, and doing it."""

import csv
import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.provisioning import service, slots, tasks
from app.features.provisioning.models import ProvisioningJob, ServiceAccess
from app.kernel import db
from app.kernel.access import Role
from tests.provisioning.factories import SECRET, jobs_of, make_paid, make_task
from tests.support.cast import make_staff

WAY_IN = {
    "host": "web-07.example.net",
    "user_name": "u_acme",
    "password": SECRET,
    "panel_url": "https://panel.example.net",
    "notes": "Port 2222",
    "reference": "web-07/acme",
    "remark": "went well",
}


def address(job):
    return f"/admin/provisioning/{job.id}"


@pytest.fixture
def as_mia(sign_in, tenant):
    """Staff, MEMBER."""
    return sign_in(make_staff("mia@harbourline.example", "Mia", Role.MEMBER))


def test_when_nothing_waits_the_page_says_so(as_mia):
    text = as_mia.get("/admin/provisioning").text

    assert "Nothing waits" in text
    assert "stuck" not in text


def test_the_list_shows_what_is_open_and_who_has_it(plans, as_mia, alice, sam, queries):
    job = make_task(alice)
    service.take(job, sam.id)
    db.session().flush()

    with queries(max=8):
        text = as_mia.get("/admin/provisioning").text

    assert "Set up Starter" in text
    assert "In hand" in text
    assert "Sam Okafor" in text
    assert "1 task is open" in text
    assert "None of these" in as_mia.get("/admin/provisioning?state=done").text


def test_what_is_done_is_found_under_done(plans, as_mia, alice):
    job = make_task(alice)
    service.complete(job)

    assert address(job) not in as_mia.get("/admin/provisioning").text
    assert address(job) in as_mia.get("/admin/provisioning?state=done").text
    assert address(job) in as_mia.get("/admin/provisioning?state=all&q=march").text


@pytest.mark.both_stores
def test_tabs_say_how_many_there_are_and_what_is_stuck_is_one_click_away(plans, as_mia, alice, bob, now, queries):
    oldest = make_task(alice)
    now.shift(timedelta(minutes=5))
    given_up = make_task(bob)
    service.fail(given_up, reason="No room")
    make_paid(alice)
    now.shift(timedelta(minutes=6))

    with queries(max=15):
        text = as_mia.get("/admin/provisioning?q=marchetti").text

    counts = dict(re.findall(r'<a href="[^"]*"[^>]*>([A-Z][a-z ]+)<span class="count">(\d+)</span></a>', text))
    assert counts == {"Open": "3", "To do": "1", "Running": "1", "Given up": "1"}
    assert text.index('data-keeps="state"') < text.index('role="search"')
    assert "2 tasks are stuck." in text
    assert f'href="{address(oldest)}">See to the oldest<' in text


@pytest.mark.both_stores
def test_a_task_is_taken_done_and_told(plans, as_mia, alice, queries):
    job = make_task(alice)
    with queries(max=15):
        assert "Set up Starter for Alice Marchetti" in as_mia.get(address(job)).text

    as_mia.post(f"{address(job)}/assignment")
    assert "You have it." in as_mia.get(address(job)).text
    answer = as_mia.post(f"{address(job)}/completion", data=WAY_IN)

    assert answer.location == address(job)
    (job,) = jobs_of(job.subscription_id)
    assert job.state == "done"
    text = as_mia.get(address(job)).text
    assert "went well" in text
    assert SECRET not in text
    assert "Task done" in text


def test_two_staff_who_finish_at_once_finish_once(plans, as_mia, as_sam, alice):
    job = make_task(alice)

    first = as_mia.post(f"{address(job)}/completion", data=WAY_IN)
    second = as_sam.post(f"{address(job)}/completion", data=WAY_IN | {"password": "another"})

    assert (first.status_code, second.status_code) == (303, 409)
    told = sa.select(sa.func.count()).where(AuditLog.action == "SERVICE_PROVISIONED")
    assert db.session().scalar(told) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"host": "", "panel_url": "", "notes": ""}, "Say where the customer gets in"),
        ({"panel_url": "javascript:alert(1)"}, "A web address"),
        ({"panel_url": "ftp://panel.example.net"}, "begins with https://"),
        ({"host": "x" * 254}, "At most 253 characters."),
        ({"user_name": "a\nb"}, "one line"),
        ({"notes": "a\0b"}, "cannot be stored"),
    ],
)
def test_a_way_in_that_is_none_is_refused_and_nothing_is_kept(plans, as_mia, alice, wrong, said):
    job = make_task(alice)

    answer = as_mia.post(f"{address(job)}/completion", data=WAY_IN | wrong)

    assert answer.status_code == 422
    assert said in answer.text
    assert SECRET not in answer.text
    assert db.session().scalar(sa.select(sa.func.count()).select_from(ServiceAccess)) == 0
    assert db.session().get_one(ProvisioningJob, job.id).state == "kept"


def test_a_task_is_given_up_with_a_reason_and_tried_again(plans, as_mia, alice):
    job = make_task(alice)
    refused = as_mia.post(f"{address(job)}/failure", data={"reason": "x" * 201})
    assert refused.status_code == 422
    assert 'id="failure" popover open data-again' in refused.text
    assert 'id="failure-reason-error">At most 200 characters.<' in refused.text
    assert refused.text.count("x" * 201) == 1

    as_mia.post(f"{address(job)}/failure", data={"reason": "No room on web-07"})

    assert "No room on web-07" in as_mia.get("/admin/provisioning?state=failed").text
    assert slots.waiting().stuck == 1
    as_mia.post(f"{address(job)}/retry")
    tasks.perform()
    assert [one.state for one in jobs_of(job.subscription_id)] == ["kept"]


def test_only_admins_take_a_task_off_the_list(plans, as_mia, as_sam, alice):
    job = make_task(alice)

    assert as_mia.post(f"{address(job)}/cancellation", data={"reason": "Twice"}).status_code == 403
    assert as_sam.post(f"{address(job)}/cancellation", data={"reason": "Twice"}).status_code == 303

    assert "Not needed" in as_sam.get(address(job)).text


def test_a_task_that_moved_meanwhile_is_a_conflict(plans, as_mia, alice):
    job = make_task(alice)
    service.complete(job)

    for act in ("assignment", "return", "completion", "retry"):
        assert as_mia.post(f"{address(job)}/{act}", data=WAY_IN).status_code == 409, act
    assert as_mia.post(f"{address(job)}/failure", data={"reason": "late"}).status_code == 409


def test_an_export_holds_the_list(plans, as_sam, as_mia, alice):
    make_task(alice)

    answer = as_sam.post("/admin/provisioning/export", data={"as": "csv", "state": "open"})

    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["what"], row["plan"], row["state"]) == ("Set up", "Starter", "To do")
    assert as_mia.post("/admin/provisioning/export", data={"as": "csv"}).status_code == 403


def test_viewers_see_no_tasks(plans, sign_in, alice):
    job = make_task(alice)
    viewer = sign_in(make_staff("vic@harbourline.example", "Vic", Role.VIEWER))

    assert viewer.get("/admin/provisioning").status_code == 403
    assert viewer.post(f"{address(job)}/completion", data=WAY_IN).status_code == 403


def test_a_stranger_finds_no_task(plans, as_alice, as_charlie, client, alice, other_tenant):
    job = make_task(alice)

    for stranger in (as_alice, as_charlie):
        assert stranger.get(address(job)).status_code == 403
        assert stranger.post(f"{address(job)}/completion", data=WAY_IN).status_code == 403
    assert client.get(address(job)).location.startswith("/admin/sign-in")
