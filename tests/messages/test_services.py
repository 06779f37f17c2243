"""Mails about services: to those who use them once each, to staff when one gets stuck; never with a secret."""

import pytest
import sqlalchemy as sa

from app.features.messages import rendering
from app.features.messages.models import EmailMessage
from app.features.provisioning import service, tasks
from app.features.subscriptions import service as subscriptions
from app.kernel import db
from tests.provisioning.factories import SECRET, make_running, make_task


def mails(template):
    """What was wanted of this template, drawn."""
    rows = db.session().scalars(sa.select(EmailMessage).where(EmailMessage.template == template))
    return [(row.to_address, rendering.draw(row)) for row in rows]


@pytest.mark.both_stores
def test_a_service_that_is_ready_is_told_once_with_its_address_and_no_secret(plans, alice):
    running = make_running(alice)
    tasks.perform()

    ((address, draft),) = mails("service_ready")

    assert (address, draft.subject) == ("alice@acme.example", "Starter is ready")
    for said in (draft.html, draft.text):
        assert f"/client/services/{running.id}" in said
        assert SECRET not in said
        assert "u_acme" not in said


def test_who_only_reads_is_not_told(plans, alice):
    alice.customer_role = 1

    make_running(alice)

    assert mails("service_ready") == []


def test_a_suspension_and_an_end_are_told_with_the_reason(plans, alice):
    running = make_running(alice)

    subscriptions.suspend(running, reason="Spam was sent")
    subscriptions.terminate(running, reason="Not paid")

    ((_, suspended),) = mails("service_suspended")
    assert "Spam was sent" in suspended.text
    ((_, ended),) = mails("service_ended")
    assert ended.subject == "Starter has ended"


@pytest.mark.both_stores
def test_staff_are_woken_once_for_what_nobody_took_for_ten_minutes(plans, alice, sam, olive, now):
    make_task(alice)
    tasks.look_after()
    assert mails("task_stuck") == []

    for _ in range(3):
        now.shift(601)
        tasks.look_after()

    woken = mails("task_stuck")
    assert sorted(address for address, _ in woken) == ["olive@harbourline.example", "sam@harbourline.example"]
    assert woken[0][1].subject == "Stuck: Set up Starter for Alice Marchetti"


def test_staff_are_told_what_was_given_up_and_why(plans, alice, sam):
    service.fail(make_task(alice), reason="No server has room")

    ((_, draft),) = mails("task_stuck")

    assert draft.subject == "Given up: Set up Starter for Alice Marchetti"
    assert "No server has room" in draft.html
