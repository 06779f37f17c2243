from datetime import timedelta

import pytest

from app.features.accounts.models import User
from app.features.subscriptions import service as subscriptions
from app.kernel import clock
from app.kernel.access import Role
from tests.catalogue.factories import make_promo_code
from tests.dashboard.factories import make_busy
from tests.orders.factories import make_order
from tests.payments.factories import make_payment


def words_of(response) -> str:
    assert response.status_code == 200, response.status
    return response.get_data(as_text=True)


def test_a_new_customer_sees_what_comes_next(as_alice, alice, plans):
    placed = make_order(alice, plan="shared-starter", promo_code="WELCOME20")

    said = words_of(as_alice.get("/client"))

    assert "Good afternoon, Alice" in said
    assert "one service waiting for payment, one invoice to pay" in said
    assert "USD 39.92 is due on 4 Dec 2026" in said
    assert "What you ordered is set up once it is paid." in said
    assert f'href="/client/billing/{placed.invoice.id}"' in said
    assert f'href="/client/services/{placed.subscription.id}"' in said
    assert "Order placed: Starter, 1 year" in said


def test_the_most_urgent_invoice_comes_first_and_the_rest_are_counted(as_alice, alice, plans, now):
    first = make_order(alice)
    now.shift(timedelta(days=1))
    for _ in range(6):
        make_order(alice, plan="shared-business")

    said = words_of(as_alice.get("/client"))

    assert f"Invoice {first.invoice.number}." in said
    assert "6 more invoices are open." in said
    assert "seven invoices to pay" in said
    assert 'href="/client/billing?state=issued"' in said


def test_an_overdue_invoice_says_since_when(sign_in, alice, plans, now):
    make_order(alice)
    now.shift(timedelta(days=15))

    assert "USD 49.90 was due on 4 Dec 2026" in words_of(sign_in(alice).get("/client"))


def test_with_nothing_bought_the_page_says_what_will_stand_there(as_alice):
    said = words_of(as_alice.get("/client"))

    assert "no services yet" in said
    assert "No services yet" in said
    assert "No invoices yet" in said
    assert "next-title" not in said


@pytest.mark.parametrize("role", list(Role))
def test_amounts_are_for_people_from_billing_up(sign_in, alice: User, plans, role):
    make_order(alice)
    alice.customer_role = int(role)

    said = words_of(sign_in(alice).get("/client"))

    assert ("49.90" in said) is (role >= Role.BILLING)
    assert ("/client/billing" in said) is (role >= Role.BILLING)
    assert "Starter" in said


def test_who_sees_no_money_is_told_what_is_being_waited_for(sign_in, alice, plans):
    make_order(alice)
    alice.customer_role = int(Role.MEMBER)

    said = words_of(sign_in(alice).get("/client"))

    assert "Starter is waiting for payment" in said
    assert "The people who look after billing in your account have the invoice." in said
    assert "Invoice issued" not in said


def test_what_is_free_waits_to_be_set_up(as_alice, alice, plans):
    make_order(alice, promo_code=make_promo_code("GIFT", percent=100).code)

    said = words_of(as_alice.get("/client"))

    assert "Starter is being set up" in said
    assert "being set up" in said.split("Starter is being set up")[0]
    assert "Step 3 of 5. You get a mail when it is ready." in said
    assert ">Setting up</span>" in said


def test_a_stranger_in_the_same_brand_sees_nothing_of_the_account(as_alice, as_bob, alice, bob, plans):
    make_order(bob, plan="shared-enterprise")

    said = words_of(as_alice.get("/client"))

    assert "Signed in" in said
    assert "Enterprise" not in said
    assert "Enterprise" in words_of(as_bob.get("/client"))


def test_a_customer_of_another_brand_sees_their_own_brand_and_nothing_else(as_charlie, alice, plans):
    make_busy(alice)

    said = words_of(as_charlie.get("/client"))

    assert "Good afternoon, Charlie" in said
    assert "Business" not in said


def test_staff_have_no_customers_home(as_sam):
    assert as_sam.get("/client").status_code == 403


def test_who_is_not_signed_in_is_led_to_the_door(client):
    assert client.get("/client").location == "/sign-in"


@pytest.mark.both_stores
@pytest.mark.parametrize("times", [1, 12])
def test_the_page_asks_the_store_a_fixed_number_of_times(as_alice, alice, plans, queries, times):
    make_busy(alice, times=times)

    with queries(max=12):
        words_of(as_alice.get("/client"))


def test_only_five_services_are_shown_and_all_are_one_click_away(as_alice, alice, plans):
    make_busy(alice, times=7)

    said = words_of(as_alice.get("/client"))

    assert said.count('href="/client/services/') == 5
    assert 'href="/client/services"' in said
    assert len(subscriptions.list_for_customer(alice.customer_id).items) == 7
    assert clock.now()


def test_what_comes_next_is_said_with_its_price(sign_in, alice, plans, now):
    make_payment(make_order(alice, cycle="monthly").invoice)

    said = words_of(sign_in(alice).get("/client"))

    assert "Next renewal" in said
    assert "20 Dec 2026" in said
    assert "Starter</a>, USD 4.99 a month" in said


def test_who_sees_no_money_reads_when_it_renews_and_not_for_how_much(sign_in, alice, plans, now):
    make_payment(make_order(alice, cycle="monthly").invoice)
    alice.customer_role = int(Role.VIEWER)

    said = words_of(sign_in(alice).get("/client"))

    assert "20 Dec 2026" in said
    assert "4.99" not in said


@pytest.mark.parametrize("role", list(Role))
def test_credit_is_shown_to_those_who_may_pay(sign_in, alice, plans, role):
    make_payment(make_order(alice).invoice, 9990)  # 50.00 too much
    alice.customer_role = int(role)

    said = words_of(sign_in(alice).get("/client"))

    assert ("Account credit" in said) is (role >= Role.BILLING)
    assert ("USD 50.00" in said) is (role >= Role.BILLING)


def test_what_was_paid_in_part_asks_for_the_rest(as_alice, alice, plans):
    make_payment(make_order(alice).invoice, 1990)

    said = words_of(as_alice.get("/client"))

    assert "USD 30.00 is due on 4 Dec 2026" in said
    assert ">Pay USD 30.00</a>" in said
