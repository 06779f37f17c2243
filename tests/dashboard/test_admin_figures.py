"""The staff's first page: ranges, currencies, what waits, alarms, first steps, each for those who may see it."""

import re
from datetime import timedelta

import pytest

from app.features.api_keys import service as api_keys
from app.features.dashboard import service
from app.features.tenants import service as tenants
from app.features.webhooks import service as webhooks
from app.kernel import clock, db, tenancy
from app.kernel.access import Role
from tests.dashboard.factories import make_figure, make_heartbeat, make_schedule
from tests.messages.factories import make_message
from tests.orders.factories import make_order
from tests.payments.factories import make_payment
from tests.provisioning.factories import make_task
from tests.support.cast import OTHER_HOST, make_staff
from tests.webhooks.factories import make_webhook


@pytest.fixture
def as_role(sign_in):
    """`as_role(Role.VIEWER)`: the browser of somebody on the staff with that role."""
    return lambda role: sign_in(make_staff(f"{role.name.lower()}@harbourline.example", role.name.capitalize(), role))


@pytest.fixture
def running(tenant):
    """A house in which a worker and its schedules run."""
    make_heartbeat()
    make_schedule()


def words_of(response) -> str:
    assert response.status_code == 200, response.status
    return response.get_data(as_text=True)


def past(days_ago: int, name: str, amount: int, currency: str = "") -> None:
    with clock.moved_to(clock.now() - timedelta(days=days_ago)):
        make_figure(name, amount, currency)


def test_revenue_is_set_against_the_days_before(as_sam, tenant, now):
    past(1, "revenue", 30000, "USD")
    past(40, "revenue", 20000, "USD")

    said = words_of(as_sam.get("/admin"))

    assert "$300.00" in said
    assert "+50.0 %" in said
    assert "USD 300.00 in all" in said
    assert "<td>19 Nov 2026</td>" in said


def test_another_range_counts_other_days(as_sam, tenant, now):
    past(1, "revenue", 30000, "USD")
    past(10, "revenue", 11100, "USD")

    assert "$411.00" in words_of(as_sam.get("/admin"))
    assert "$300.00" in words_of(as_sam.get("/admin?range=7d"))
    own = words_of(as_sam.get("/admin?range=own&from=2026-11-09&to=2026-11-11"))
    assert "$111.00" in own
    assert 'value="2026-11-09"' in own


@pytest.mark.parametrize(
    "query",
    ["range=%00", "range=own&from='&to=%ff", "from=2026-13-45", "currency=%F0%9F%92%A9", "range=own&to=9999-99-99"],
)
def test_an_address_without_sense_shows_the_usual_days(as_sam, tenant, query):
    said = words_of(as_sam.get(f"/admin?{query}"))

    assert 'id="range-30d" href="/admin?range=30d"' in said
    assert said.count('aria-current="true"') == 1


def test_htmx_gets_the_block_alone(as_sam, tenant):
    said = words_of(as_sam.get("/admin?range=90d", headers={"HX-Request": "true", "HX-Target": "today"}))

    assert said.lstrip().startswith('<div class="stack stack-6" id="today">')
    assert "<html" not in said
    assert "Revenue, 90 days" in said


def test_each_currency_stands_by_itself(as_sam, tenant, now):
    past(1, "revenue", 30000, "USD")
    past(1, "revenue", 500, "EUR")

    own, other = words_of(as_sam.get("/admin")), words_of(as_sam.get("/admin?currency=EUR"))

    assert "$300.00" in own and "€5.00" not in own
    assert "€5.00" in other and "$300.00" not in other
    assert "305.00" not in own + other
    assert 'href="/admin?range=30d&amp;currency=EUR"' in own


def test_a_house_that_sells_in_one_currency_is_not_asked_which(as_sam, tenant, now):
    past(1, "revenue", 30000, "USD")

    assert 'aria-label="Currency"' not in words_of(as_sam.get("/admin"))


@pytest.mark.parametrize("role", list(Role))
def test_figures_of_money_are_for_staff_from_billing_up(as_role, alice, plans, now, role):
    make_payment(make_order(alice).invoice)

    said = words_of(as_role(role).get("/admin?range=month"))

    for part in ("49.90", "MRR", "Revenue", "Overdue", "$4.16"):
        assert (part in said) is (role >= Role.BILLING), part
    for part in ("New customers", "Churn", "Active services"):
        assert part in said
    assert ("Open set-ups" in said) is (role < Role.BILLING)


def test_what_is_overdue_is_said_with_its_sum(as_sam, sign_in, sam, alice, plans, now):
    make_payment(make_order(alice).invoice, 1990)
    make_order(alice, plan="shared-business")
    now.shift(timedelta(days=15))

    said = words_of(sign_in(sam).get("/admin"))

    assert "2 invoices overdue" in said
    assert "$129.90 together" in said  # 30.00 and 99.90: what was paid is not asked for again


@pytest.mark.parametrize("role", list(Role))
def test_what_waits_is_shown_to_those_who_can_see_to_it(as_role, alice, plans, running, role):
    make_task(alice)
    make_message(alice, state="dead")

    said = words_of(as_role(role).get("/admin"))

    assert ("1 set-up to finish" in said) is (role >= Role.MEMBER)
    assert ("1 message failed" in said) is (role >= Role.MEMBER)
    assert ("/admin/provisioning" in said) is (role >= Role.MEMBER)


def test_with_nothing_to_do_the_page_says_so(as_sam, running):
    assert "Nothing waits for you" in words_of(as_sam.get("/admin"))


def test_a_set_up_that_stands_still_is_an_alarm(sign_in, sam, alice, plans, now, running):
    make_task(alice)
    now.shift(timedelta(minutes=30))
    make_heartbeat()

    said = words_of(sign_in(sam).get("/admin"))

    assert "One set-up is stuck" in said
    assert "1 set-up is stuck." in said


@pytest.mark.parametrize("role", [Role.BILLING, Role.ADMIN])
def test_a_webhook_that_is_off_is_told_to_those_who_keep_them(as_role, tenant, running, role):
    webhook, _secret = make_webhook()
    webhooks.switch_off(webhook.id, reason="failing")

    said = words_of(as_role(role).get("/admin"))

    assert ("1 webhook is switched off." in said) is (role >= Role.ADMIN)


def test_a_schedule_that_was_missed_is_named(as_sam, tenant):
    make_heartbeat()
    make_schedule("dashboard.fold", title="Figures of the day", next_run_at=clock.now() - timedelta(hours=1))

    said = words_of(as_sam.get("/admin"))

    assert "Figures of the day did not run as it should." in said


def test_of_many_schedules_those_that_need_somebody_come_first(as_sam, tenant):
    for number in range(8):
        make_schedule(f"a.{number}")
    make_schedule("z.missed", next_run_at=clock.now() - timedelta(hours=1))

    table = words_of(as_sam.get("/admin")).partition('id="schedules-title"')[2]

    assert "1 of 9 not as they should be" in table
    assert re.findall(r'<td class="strong">([^<]+)</td>', table) == [
        "Z: missed",
        *(f"A: {number}" for number in range(5)),
    ]


def test_the_first_steps_follow_from_what_is_there(as_olive, tenant, plans, alice, running):
    assert "1 of 6" in words_of(as_olive.get("/admin"))  # the plans have prices

    api_keys.create("site", scopes=["marketing"])
    make_figure("customers", 1)
    make_message(alice, state="done")
    said = words_of(as_olive.get("/admin"))
    assert "4 of 6" in said

    tenant.legal_name, tenant.address = "Harbourline Ltd", "12 Quay Street"
    tenant.bank_enabled, tenant.bank_details = True, "IBAN GB33 BUKB"
    db.session().flush()
    tenants.forget()
    assert "Ready to sell" not in words_of(as_olive.get("/admin"))


def test_another_brands_key_is_no_step_of_ours(as_olive, other_tenant, plans):
    with tenancy.as_tenant(other_tenant.id):
        api_keys.create("site", scopes=["marketing"])
        db.session().flush()

    assert "1 of 6" in words_of(as_olive.get("/admin"))


def test_an_owner_puts_the_first_steps_away_for_everybody(as_olive, as_sam, running):
    assert "Put away" in words_of(as_olive.get("/admin"))

    answer = as_olive.post("/admin/checklist/hiding")

    assert (answer.status_code, answer.location) == (303, "/admin")
    assert "Ready to sell" not in words_of(as_sam.get("/admin"))
    assert as_olive.post("/admin/checklist/hiding").status_code == 303  # twice changes nothing


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.BILLING, Role.ADMIN])
def test_putting_the_first_steps_away_is_the_owners(as_role, role):
    browser = as_role(role)

    assert browser.post("/admin/checklist/hiding").status_code == 403
    assert "Put away" not in words_of(browser.get("/admin"))


def test_a_stranger_puts_nothing_away(as_alice, as_charlie, client):
    assert as_alice.post("/admin/checklist/hiding").status_code == 403
    assert as_charlie.post("/admin/checklist/hiding").status_code == 403
    assert client.post("/admin/checklist/hiding").status_code in {302, 303, 403}
    assert service.is_checklist_hidden() is False


def test_figures_of_another_brand_are_nowhere(sign_in, tenant, other_tenant, now):
    past(1, "revenue", 77777, "USD")
    past(1, "customers", 33)
    with tenancy.as_tenant(other_tenant.id):
        tess = make_staff("tess@tern.example", "Tess", Role.OWNER)

    said = words_of(sign_in(tess, host=OTHER_HOST).get("/admin?range=90d"))

    assert "777.77" not in said
    assert "$0.00" in said


@pytest.mark.both_stores
@pytest.mark.parametrize("days", [1, 300])
@pytest.mark.parametrize("query", ["", "?range=year", "?range=own&from=2024-01-01"])
def test_the_page_asks_the_store_a_fixed_number_of_times(sign_in, olive, alice, plans, now, queries, days, query):
    for ago in range(days):
        past(ago, "revenue", 100, "USD")
        past(ago, "customers", 1)
    service.fold()
    browser = sign_in(olive)

    with queries(max=15):
        words_of(browser.get(f"/admin{query}"))
