"""`/admin/customers/{id}`: a customer with everything, by role."""

import re

import pytest

from app.kernel.access import Role
from tests.accounts.factories import make_colleague
from tests.dashboard.factories import make_busy
from tests.payments.factories import make_invoice, make_payment
from tests.provisioning.factories import make_task

EVERYTHING = ("Services", "Set-up tasks", "Orders", "Invoices", "Payments", "Messages", "History", "Details", "People")


@pytest.fixture
def whole(alice, plans):
    """Alice's customer with one of everything; the address of its page."""
    make_busy(alice, times=2)
    make_task(alice)
    make_payment(make_invoice(alice, 2936), reference="ch_4711")
    return f"/admin/customers/{alice.customer_id}"


def main_of(response) -> str:
    assert response.status_code == 200
    return response.text.partition("<main")[2]


def heads(said: str) -> list[str]:
    return re.findall(r"<h2[^>]*>([^<]+)</h2>", said)


def test_all_rooms_are_on_it_and_each_record_leads_to_its_page(as_olive, whole):
    said = main_of(as_olive.get(whole))

    assert set(EVERYTHING) <= set(heads(said))
    for kind in ("subscriptions", "provisioning", "orders", "billing", "payments", "messages"):
        for href in set(re.findall(rf'href="(/admin/{kind}/[^"]+)"', said)):
            assert as_olive.get(href).status_code == 200, href
        assert f'href="/admin/{kind}/' in said, kind
    assert "ch_4711" in said and "USD 29.36" in said
    assert '<span class="k">MRR</span>' in said


@pytest.mark.parametrize("role", list(Role))
def test_a_role_sees_what_it_may_open(sign_in, whole, role):
    browser = sign_in(make_colleague(role, role.name.capitalize()))
    said = main_of(browser.get(whole))

    assert ({"Invoices", "Payments"} <= set(heads(said))) is (role >= Role.BILLING)
    assert ("29.36" in said or "MRR" in said or "ch_4711" in said) is (role >= Role.BILLING)
    assert ("Set-up tasks" in heads(said)) is (role >= Role.MEMBER)
    for href in set(re.findall(r'href="(/admin/[a-z-]+/[0-9a-f-]{36})"', said)):
        assert browser.get(href).status_code == 200, (role, href)


def test_a_customer_without_anything_has_a_page_too(as_olive, bob):
    said = main_of(as_olive.get(f"/admin/customers/{bob.customer_id}"))

    assert "No service has been ordered yet." in said
    assert "Nothing has been paid yet." in said
    assert "Set-up tasks" not in heads(said)


@pytest.mark.parametrize("times", [1, 12])
def test_it_asks_the_store_a_fixed_number_of_times(as_olive, alice, plans, whole, queries, times):
    make_busy(alice, times=times)
    with queries(max=15):
        as_olive.get(whole)


def test_strangers_and_other_tenants(client, as_alice, as_olive, charlie, whole):
    assert client.get(whole).status_code == 303
    assert as_alice.get(whole).status_code == 403
    assert as_olive.get(f"/admin/customers/{charlie.customer_id}").status_code == 404
