"""`/admin/subscriptions/{id}`: one service, and what staff do with it."""

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.billing.service import NotPayable
from app.features.catalogue import service as catalogue
from app.features.payments import service as payments
from app.features.subscriptions import listing
from app.kernel import clock, db
from app.kernel.access import Role
from app.kernel.money import Money
from tests.orders.factories import make_order
from tests.provisioning.factories import SECRET, jobs_of, make_running
from tests.support.cast import make_staff

ACTS = ("suspension", "resumption", "cancellation", "keeping", "termination", "plan", "disclosure")


def address(subscription):
    return f"/admin/subscriptions/{subscription.id}"


def test_the_page_shows_plan_machine_and_history(plans, as_sam, alice, queries):
    running = make_running(alice)
    db.session().flush()

    with queries(max=15):
        text = as_sam.get(address(running)).text

    for said in ("Starter", "Alice Marchetti", "USD 49.90 a year", "web-07/u_acme", "Set up Starter", "Done"):
        assert said in text
    assert "Service paid for" in text
    assert SECRET not in text


@pytest.mark.both_stores
def test_a_service_is_suspended_and_resumed(plans, as_sam, alice):
    running = make_running(alice)
    assert as_sam.post(f"{address(running)}/suspension", data={"reason": ""}).status_code == 422

    as_sam.post(f"{address(running)}/suspension", data={"reason": "Spam was sent"})
    assert running.status == "suspended"
    assert "Spam was sent" in as_sam.get(address(running)).text
    assert as_sam.post(f"{address(running)}/suspension", data={"reason": "again"}).status_code == 409
    as_sam.post(f"{address(running)}/resumption")

    assert (running.status, running.suspended_at) == ("active", None)
    assert as_sam.post(f"{address(running)}/resumption").status_code == 409


def test_a_service_is_ended_now_and_its_machine_taken_down(plans, as_sam, alice):
    running = make_running(alice)

    as_sam.post(f"{address(running)}/termination", data={"reason": "Fraud"})

    assert (running.status, running.ended_at) == ("terminated", clock.now())
    assert jobs_of(running)[-1].kind == "subscription.terminate"
    assert as_sam.post(f"{address(running)}/termination", data={"reason": "Fraud"}).status_code == 409
    assert "End now" not in as_sam.get(address(running)).text


def test_what_was_never_paid_is_just_cancelled(plans, as_sam, alice):
    pending = make_order(alice).subscription

    as_sam.post(f"{address(pending)}/termination", data={"reason": "Asked for twice"})

    assert pending.status == "cancelled"
    assert jobs_of(pending) == []


@pytest.mark.both_stores
def test_nobody_can_pay_for_what_staff_have_ended(plans, as_sam, alice):
    placed = make_order(alice, promo_code="WELCOME20")

    as_sam.post(f"{address(placed.subscription)}/termination", data={"reason": "Asked for twice"})

    for row in (placed.order, placed.invoice):
        db.session().refresh(row)
    assert (placed.order.status, placed.invoice.status) == ("cancelled", "void")
    assert placed.order.promo_code_usage_id is None
    with pytest.raises(NotPayable):
        payments.receive(placed.invoice.id, placed.invoice.total, gateway="bank", reference="ZX-1")


def test_what_is_paid_in_part_is_not_ended_behind_the_payers_back(plans, as_sam, alice):
    placed = make_order(alice)
    payments.receive(placed.invoice.id, Money(100, "USD"), gateway="bank", reference="ZX-1")

    answer = as_sam.post(f"{address(placed.subscription)}/termination", data={"reason": "Asked for twice"})

    assert answer.status_code == 409


def test_a_service_runs_out_and_is_kept_after_all(plans, as_sam, alice):
    running = make_running(alice)

    as_sam.post(f"{address(running)}/cancellation", data={"reason": "Asked by phone"})
    assert running.ends_at == running.period_end
    assert "Keep it after all" in as_sam.get(address(running)).text
    as_sam.post(f"{address(running)}/keeping")

    assert running.ends_at is None


def test_the_plan_is_changed_now_and_priced_from_the_next_renewal(plans, as_sam, alice):
    running = make_running(alice)
    business = catalogue.find_sellable("shared-business")
    price = catalogue.price_of(business, "monthly", "USD")
    until = running.period_end

    as_sam.post(f"{address(running)}/plan", data={"price": str(price.id)})

    assert (running.plan_name, running.price_minor, running.period_end) == ("Business", 999, until)
    assert jobs_of(running)[-1].kind == "subscription.upgrade"
    told = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "SUBSCRIPTION_UPGRADED")).one()
    assert told.state_after["previousPlan"] == "shared-starter"


@pytest.mark.parametrize("price", ["", "nonsense", "01936d5e-7c22-7a41-8a0d-9d1c3a7e5b60"])
def test_a_plan_that_is_not_offered_is_refused(plans, as_sam, alice, price):
    running = make_running(alice)

    answer = as_sam.post(f"{address(running)}/plan", data={"price": price})

    assert answer.status_code == 422
    assert 'id="plan" popover open data-again' in answer.text
    assert 'id="price-error"' in answer.text
    assert running.plan_name == "Starter"


def test_what_is_offered_is_in_the_same_currency_and_not_what_it_has(plans, as_sam, alice):
    running = make_running(alice)

    offered = listing.choices(running)

    assert ("shared-starter", "oneYear") not in {(product.slug, price.cycle) for price, product in offered}
    assert {price.currency for price, _product in offered} == {"USD"}
    assert "oneTime" not in {price.cycle for price, _product in offered}


def test_how_to_get_in_is_shown_to_admins_once_and_noted(plans, as_sam, alice, sam):
    running = make_running(alice)

    answer = as_sam.post(f"{address(running)}/disclosure")

    assert SECRET in answer.text
    noted = db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "SERVICE_ACCESS_REVEALED")).one()
    assert noted.actor_user_id == sam.id


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.BILLING])
def test_only_admins_change_a_service(plans, sign_in, alice, role):
    running = make_running(alice)
    staff = sign_in(make_staff("mia@harbourline.example", "Mia", role))

    text = staff.get(address(running)).text
    assert "End now" not in text
    assert ("USD" in text) is (role >= Role.BILLING)
    for act in ACTS:
        assert staff.post(f"{address(running)}/{act}", data={"reason": "x"}).status_code == 403, act


def test_a_stranger_changes_nothing(plans, as_alice, as_charlie, alice, other_tenant):
    running = make_running(alice)

    for stranger in (as_alice, as_charlie):
        for act in ACTS:
            assert stranger.post(f"{address(running)}/{act}", data={"reason": "x"}).status_code == 403
    assert running.status == "active"


@pytest.mark.parametrize(("act", "named"), [("suspension",) * 2, ("cancellation", "leaving"), ("termination",) * 2])
def test_an_act_without_its_reason_comes_back_open_with_the_error_at_the_field(plans, as_sam, alice, act, named):
    running = make_running(alice)

    answer = as_sam.post(f"{address(running)}/{act}", data={"reason": "x" * 201})

    assert answer.status_code == 422
    assert answer.text.count("data-again") == 1
    assert f'id="{named}" popover open data-again' in answer.text
    assert f'id="{named}-reason-error">At most 200 characters.<' in answer.text
