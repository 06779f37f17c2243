from datetime import timedelta

import pytest

from app.features.accounts.models import User
from app.features.tenants import service as tenants
from app.kernel import clock
from app.kernel.access import Role
from tests.accounts.factories import make_customer
from tests.dashboard.factories import make_busy, make_figure, make_heartbeat, make_schedule
from tests.messages.factories import make_message
from tests.support.cast import HOST, make_staff


@pytest.fixture
def running(tenant):
    """A house in which a worker and its schedules run."""
    make_heartbeat()
    make_schedule()


@pytest.fixture
def as_role(sign_in):
    """`as_role(Role.VIEWER)`: the browser of somebody on the staff with that role."""
    return lambda role: sign_in(make_staff(f"{role.name.lower()}@harbourline.example", role.name.capitalize(), role))


def words_of(response) -> str:
    assert response.status_code == 200, response.status
    return response.get_data(as_text=True)


def test_the_first_page_says_that_everything_ran(as_sam, running, alice, plans):
    make_busy(alice)
    make_message(alice, state="done")

    said = words_of(as_sam.get("/admin"))

    assert "Everything ran." in said
    assert "Good" not in said.partition("<main")[2].partition("<h1>")[0]
    assert "all 1 on time" in said


def test_the_first_page_names_each_trouble_and_where_to_look(as_sam, running, alice):
    make_message(alice, state="dead")
    make_message(alice, state="dead")
    make_schedule("ops.tidy", last_outcome="failed")

    said = words_of(as_sam.get("/admin"))

    assert "Two messages need a look and one schedule needs a look. Everything else ran." in said
    assert 'href="/admin/messages?state=failed"' in said
    assert "1 of 2 not as they should be" in said


def test_kept_mail_is_said_to_wait_for_a_mail_server(as_sam, running, alice):
    make_message(alice, state="kept")

    said = words_of(as_sam.get("/admin"))

    assert "One message is waiting for a mail server. Everything else ran." in said
    assert "Name a mail server in the settings, or set SMTP_URL and restart." in said


@pytest.mark.parametrize(("seconds_ago", "state"), [(3, "Running"), (600, "Silent")])
def test_a_worker_that_is_silent_is_an_alarm(as_sam, tenant, seconds_ago, state):
    make_heartbeat(seconds_ago=seconds_ago)

    said = words_of(as_sam.get("/admin"))

    assert f">{state}</span>" in said
    assert ("No worker is running." in said) is (state == "Silent")


def test_a_house_in_which_no_worker_ever_ran_says_so(as_sam):
    assert "Never ran" in words_of(as_sam.get("/admin"))


def test_mail_that_waits_too_long_is_stuck(as_sam, running, alice, now):
    make_message(alice)
    now.shift(timedelta(minutes=11))
    make_heartbeat()

    said = words_of(as_sam.get("/admin"))

    assert "Mail waits and nothing moves" in said
    assert 'href="/admin/messages?state=waiting"' in said


def test_new_customers_are_counted_on_the_days_they_came(as_sam, as_role, tenant, now):
    for days_ago, count in ((40, 1), (2, 2), (0, 1)):
        with clock.moved_to(clock.now() - timedelta(days=days_ago)):
            make_figure("customers", count)

    said = words_of(as_sam.get("/admin"))

    assert "22 Oct to 20 Nov 2026: 3 customers, at most 2 a day" in said
    assert '<td>18 Nov 2026</td><td class="mp-money">2</td>' in said
    without_money = words_of(as_role(Role.MEMBER).get("/admin"))  # the others have figures of money in its place
    assert "+200 %" in without_money  # one came in the 30 days before


def test_days_are_those_of_the_tenants_own_calendar(as_sam, tenant, now):
    tenant.time_zone = "Pacific/Auckland"  # 13:22 UTC is the next day there
    tenants.forget()
    make_figure("customers", 1)

    assert '<td>21 Nov 2026</td><td class="mp-money">1</td>' in words_of(as_sam.get("/admin"))


@pytest.mark.parametrize("role", list(Role))
def test_amounts_are_for_staff_from_billing_up(as_role, role, alice, plans):
    make_busy(alice, times=1)
    browser = as_role(role)

    pages = [words_of(browser.get(path)) for path in ("/admin", f"/admin/customers/{alice.customer_id}")]

    for said in pages:
        assert ("99.90" in said) is (role >= Role.BILLING), role
        assert "Business" in said


def test_who_may_not_open_messages_is_led_to_none(as_role, alice):
    make_message(alice, state="dead")
    browser = as_role(Role.VIEWER)

    for path in ("/admin", f"/admin/customers/{alice.customer_id}"):
        assert "/admin/messages" not in words_of(browser.get(path))


def test_another_brands_staff_see_only_their_own(sign_in, other_tenant, alice, plans):
    from app.kernel import tenancy
    from tests.support.cast import OTHER_HOST

    make_busy(alice)
    with tenancy.as_tenant(other_tenant.id):
        tess = make_staff("tess@tern.example", "Tess", Role.OWNER)
    browser = sign_in(tess, host=OTHER_HOST)

    said = words_of(browser.get("/admin"))

    assert "No orders yet" in said
    assert "Process" not in said  # workers and schedules are the operator's concern
    assert browser.get(f"/admin/customers/{alice.customer_id}").status_code == 404


def test_a_customer_with_everything(as_sam, alice, plans):
    make_busy(alice, times=2)
    customer = f"/admin/customers/{alice.customer_id}"

    said = words_of(as_sam.get(customer))

    for part in (
        "Alice Marchetti",
        "alice@acme.example",
        "Waiting for payment",
        "MP-2026-000002",
    ):
        assert part in said
    assert "Order placed: Business, 1 year" in said
    assert "Invoice issued: MP-2026-000001" in said
    assert "$199.80" in said  # what is open, over both invoices


def test_where_a_customer_came_from(as_sam, alice, tenant):
    path = f"/admin/customers/{alice.customer_id}"
    assert "No campaign was named" in words_of(as_sam.get(path))

    customer = make_customer("Tess Whitlock", marketing_source="google-ads", utm_campaign="summer-sale")

    said = words_of(as_sam.get(f"/admin/customers/{customer.id}"))
    assert "google-ads" in said
    assert "summer-sale" in said


def test_names_are_words_and_never_markup(as_sam, tenant):
    customer = make_customer("<script>alert(1)</script> X", company="{{ 7*7 }}<b>")

    for path in ("/admin/customers", f"/admin/customers/{customer.id}"):
        said = words_of(as_sam.get(path))
        assert "<script>alert" not in said
        assert "{{ 7*7 }}&lt;b&gt;" in said


def test_staff_send_a_person_a_fresh_password_link(as_sam, alice: User):
    path = f"/admin/customers/{alice.customer_id}"

    response = as_sam.post(f"{path}/people/{alice.id}/password-links")

    assert (response.status_code, response.location) == (303, f"{path}/people/{alice.id}")
    said = words_of(as_sam.get(path))
    assert "A link is on its way to alice@acme.example." in said
    assert "Asked for a password link: Alice Marchetti" in said
    assert "by Sam Okafor" in said
    assert "Password reset" in said  # the mail, waiting


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.BILLING])
def test_sending_a_password_link_is_for_admins(as_role, alice, role):
    browser = as_role(role)
    path = f"/admin/customers/{alice.customer_id}"

    assert browser.post(f"{path}/people/{alice.id}/password-links").status_code == 403
    assert "View as" not in words_of(browser.get(path))


def test_a_link_goes_only_to_people_of_that_customer(as_sam, alice, bob, sam):
    for stranger in (bob, sam):
        path = f"/admin/customers/{alice.customer_id}/people/{stranger.id}/password-links"
        assert as_sam.post(path).status_code == 404


def test_somebody_whose_access_ended_gets_no_link(as_sam, alice, now):
    alice.disabled_at = clock.now()

    answer = as_sam.post(f"/admin/customers/{alice.customer_id}/people/{alice.id}/password-links")

    assert answer.status_code == 409


def test_a_write_without_the_forms_token_is_refused(as_sam, alice):
    path = f"/admin/customers/{alice.customer_id}/people/{alice.id}/password-links"

    assert as_sam.post(path, csrf=False).status_code == 403


def test_a_stranger_to_the_staff_never_sees_its_pages(as_alice, as_bob, as_charlie, alice):
    customer = f"/admin/customers/{alice.customer_id}"
    for browser in (as_alice, as_bob, as_charlie):
        assert browser.get("/admin").status_code == 403
        assert browser.get(customer).status_code == 403
        assert browser.post(f"{customer}/people/{alice.id}/password-links").status_code == 403


def test_who_is_not_signed_in_is_led_to_the_door(client, alice):
    assert client.get("/admin").location == "/admin/sign-in"
    assert client.get(f"/admin/customers/{alice.customer_id}").location.startswith(
        "/admin/sign-in?next=/admin/customers/"
    )


def test_an_unknown_customer_is_not_there(as_sam, alice):
    assert as_sam.get("/admin/customers/01a1fdea-c3b0-746e-87d0-21e92af33f6f").status_code == 404


@pytest.mark.both_stores
@pytest.mark.parametrize("times", [1, 12])
def test_the_pages_ask_the_store_a_fixed_number_of_times(as_sam, alice, plans, queries, times):
    make_heartbeat()
    make_schedule()
    for _ in range(times):
        make_customer()
    make_busy(alice, times=times)

    with queries():
        words_of(as_sam.get("/admin"))
    with queries():
        words_of(as_sam.get(f"/admin/customers/{alice.customer_id}"))


def test_pages_are_the_tenants_own_host(as_sam):
    assert HOST in as_sam.get("/admin").request.host_url
