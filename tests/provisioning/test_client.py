"""`/client/services/{id}`: one service, its way, how to get in, and ending it."""

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.provisioning import access, service
from app.features.subscriptions import service as subscriptions
from app.features.subscriptions.models import Subscription
from app.kernel import buffer, db
from tests.catalogue.factories import make_product
from tests.orders.factories import make_order
from tests.provisioning.factories import SECRET, make_paid, make_running, make_task

PROGRESS = {"HX-Request": "true", "HX-Target": "progress"}


def address(subscription):
    return f"/client/services/{subscription.id}"


def test_what_is_not_paid_says_where_it_stands_and_shows_its_invoice(plans, as_alice, alice, queries):
    placed = make_order(alice, promo_code="WELCOME20")

    with queries(max=10):
        response = as_alice.get(address(placed.subscription))

    assert "USD 39.92 is due on 4 Dec 2026" in response.text
    assert f"/client/billing/{placed.invoice.id}" in response.text
    assert "Daily backups" in response.text
    assert "We set it up" in response.text


def test_what_waits_for_its_payment_leads_there_and_turns_nothing(plans, as_alice, alice):
    placed = make_order(alice)

    text = as_alice.get(f"/client/services/{placed.subscription.id}").text

    waiting = text.partition('<li class="is-waits"')[2].partition("</li>")[0]
    assert "Waiting for payment" in waiting
    assert f'href="/client/billing/{placed.invoice.id}">Pay the invoice' in waiting
    assert "is-now" not in text
    assert "every 10s" not in text


def test_what_is_paid_and_not_there_yet_is_being_set_up_and_its_steps_are_asked_for_again(plans, as_alice, alice):
    task = make_task(alice)
    page = as_alice.get(f"/client/services/{task.subscription_id}").text

    assert "Setting up" in page
    assert 'hx-trigger="every 10s"' in page
    assert "Setting up" in as_alice.get("/client/services").text
    part = as_alice.get(f"/client/services/{task.subscription_id}", headers=PROGRESS).text
    assert part.strip().startswith("<section")
    assert "A person of our team does this" in part
    service.complete(task)
    after = as_alice.get(f"/client/services/{task.subscription_id}", headers=PROGRESS).text
    assert "every 10s" not in after
    assert "Running" in after


def test_asking_for_the_steps_does_not_keep_a_login_alive(plans, as_alice, alice, now):
    task = make_task(alice)
    href = f"/client/services/{task.subscription_id}"
    as_alice.get(href)

    statuses = []
    for _ in range(80):
        now.shift(3600)
        statuses.append(as_alice.get(href, headers=PROGRESS).status_code)
        buffer.flush()

    assert (statuses[70], statuses[75]) == (200, 401), "three days without a person, and it is over"


def test_a_step_that_fails_inside_is_no_riddle_for_the_customer(plans, as_alice, alice):
    task = make_task(alice)
    service.fail(task, reason="web-07 has no room, ask Ben")

    text = as_alice.get(f"/client/services/{task.subscription_id}").text

    assert "It takes longer than usual. We are looking at it." in text
    assert "web-07" not in text


def test_how_to_get_in_is_shown_only_to_who_asks_and_that_is_noted(plans, as_alice, alice):
    running = make_running(alice)
    page = as_alice.get(address(running)).text
    assert "Show it" in page
    assert "web-07.example.net" not in page
    assert SECRET not in page

    answer = as_alice.post(f"{address(running)}/disclosure")

    assert SECRET in answer.text
    assert "https://panel.example.net" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    noted = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "SERVICE_ACCESS_REVEALED")).one()
    assert (noted.actor_user_id, noted.resource_id, noted.severity) == (alice.id, running.id, "warning")
    assert SECRET not in as_alice.get(address(running)).text


@pytest.mark.parametrize(("role", "status"), [(1, 403), (2, 200), (3, 200), (5, 200)])
def test_how_to_get_in_is_for_members_and_up(plans, as_alice, alice, role, status):
    running = make_running(alice)
    alice.customer_role = role

    assert as_alice.post(f"{address(running)}/disclosure").status_code == status
    assert ("Show it" in as_alice.get(address(running)).text) is (status == 200)


def test_what_has_ended_lets_nobody_in_though_its_machine_still_stands(plans, as_alice, alice):
    running = make_running(alice)
    subscriptions.terminate(running, reason="Fraud")
    assert access.is_there(running.id)

    assert as_alice.post(f"{address(running)}/disclosure").status_code == 404


def test_a_service_is_cancelled_to_the_end_of_what_is_paid_and_taken_back(plans, as_alice, alice):
    running = make_running(alice)
    assert "It runs until 20 Nov 2027" in as_alice.get(address(running)).text

    as_alice.post(f"{address(running)}/cancellation", data={"reason": "Too dear"})
    db.session().refresh(running)
    assert (running.status, running.ends_at) == ("active", running.period_end)
    assert "ends on 20 Nov 2027" in as_alice.get(address(running)).text
    assert as_alice.post(f"{address(running)}/cancellation", data={"reason": "Too dear"}).status_code == 409
    as_alice.post(f"{address(running)}/keeping")

    db.session().refresh(running)
    assert (running.ends_at, running.auto_renew) == (None, True)


def test_cancelling_is_for_billing_and_up(plans, as_alice, alice):
    running = make_running(alice)
    alice.customer_role = 2

    assert as_alice.post(f"{address(running)}/cancellation", data={"reason": "Too dear"}).status_code == 403
    assert as_alice.post(f"{address(running)}/keeping").status_code == 403
    assert "Cancel at period end" not in as_alice.get(address(running)).text


def test_a_reason_of_ones_own_making_is_refused(plans, as_alice, alice):
    running = make_running(alice)

    answer = as_alice.post(f"{address(running)}/cancellation", data={"reason": "because"})

    assert answer.status_code == 422
    refused = answer.text.partition('<dialog class="mp-dialog" id="cancellation" popover open data-again')[2]
    assert 'aria-describedby="reason-error" aria-invalid="true"' in refused
    assert 'id="reason-error">Not a valid choice.<' in refused
    assert db.session().get_one(Subscription, running.id).ends_at is None


def test_who_sees_no_money_sees_the_service_without_its_invoice(plans, as_alice, alice):
    placed = make_order(alice)
    alice.customer_role = 1

    response = as_alice.get(address(placed.subscription))

    assert response.status_code == 200
    assert "/client/billing/" not in response.text
    assert placed.invoice.number not in response.text
    assert "USD" not in response.text


def test_a_running_service_says_when_it_renews(plans, as_alice, alice):
    running = make_running(alice)

    response = as_alice.get(address(running))

    assert "renews on 20 Nov 2027" in response.text
    assert "every 10s" not in response.text


def test_a_suspended_service_says_why(plans, as_alice, alice):
    running = make_running(alice)
    subscriptions.suspend(running, reason="The invoice is overdue")

    text = as_alice.get(address(running)).text

    assert "The invoice is overdue. What you have stored is kept." in text.partition("<h2")[0]
    assert "It is suspended, and paid until" in text
    assert "It runs until" not in text


def test_words_of_a_plan_are_never_markup(plans, as_alice, alice):
    paid = make_paid(alice)
    product = make_product(features=["<script>alert(1)</script>"])
    paid.plan_name, paid.product_id = "{{ 7 * 7 }}<b>", product.id

    response = as_alice.get(address(paid))

    assert "<script>alert" not in response.text
    assert "{{ 7 * 7 }}&lt;b&gt;" in response.text


def test_a_stranger_finds_nothing_and_opens_nothing(plans, as_bob, as_charlie, as_olive, client, alice):
    running = make_running(alice)

    for stranger in (as_bob, as_charlie):
        assert stranger.get(address(running)).status_code == 404
        for act in ("disclosure", "cancellation", "keeping"):
            assert stranger.post(f"{address(running)}/{act}", data={"reason": "Other"}).status_code == 404
    assert as_olive.get(address(running)).status_code == 403
    assert client.get(address(running)).location.startswith("/sign-in")
