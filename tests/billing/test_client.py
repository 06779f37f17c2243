"""`/client/billing`: the account's invoices."""

from fractions import Fraction

import pytest

from app.features.accounts import service as accounts
from app.features.billing import service, voiding
from app.features.billing.service import LineDraft
from app.kernel import db
from tests.catalogue.factories import make_promo_code
from tests.orders.factories import customer_of, make_order


def test_an_account_without_invoices_is_told_what_will_stand_here(as_alice):
    response = as_alice.get("/client/billing")

    assert "No invoices yet" in response.text
    assert "Nothing is to be paid now." in response.text


def test_the_list_says_what_is_to_be_paid(plans, as_alice, alice, queries):
    first = make_order(alice, promo_code="WELCOME20").invoice
    make_order(alice, cycle="monthly")

    with queries(max=8):
        response = as_alice.get("/client/billing")
    assert "To pay: USD 44.91 on 2 open invoices." in response.text
    assert f"/client/billing/{first.id}" in response.text
    assert "Due in 14 days" in response.text


def test_what_waited_too_long_is_said(plans, as_alice, alice, now):
    make_order(alice, cycle="monthly")
    now.shift(15 * 24 * 3600)
    alice_again = as_alice.sign_in(alice, tenant_id=alice.tenant_id)

    response = alice_again.get("/client/billing")

    assert "1 open invoice, 1 overdue" in response.text
    assert "Overdue since 4 Dec 2026" in response.text


@pytest.mark.parametrize(
    ("query", "hits"), [("q=00001", 1), ("q=nothing", 0), ("q=%00", 1), ("state=paid", 0), ("q=_", 0)]
)
def test_invoices_are_found_by_number_and_state(plans, as_alice, alice, query, hits):
    make_order(alice)

    text = as_alice.get(f"/client/billing?{query}").text

    assert text.count("MP-2026-000001") == hits
    assert ("Nothing matches" in text) is (hits == 0)


def test_an_invoice_shows_lines_discount_total_and_due_date(plans, as_alice, alice, queries):
    invoice = make_order(alice, promo_code="WELCOME20").invoice

    with queries(max=8):
        text = as_alice.get(f"/client/billing/{invoice.id}").text
    for words in (
        "Invoice MP-2026-000001",
        "Starter, 1 year",
        "Discount (WELCOME20, 20 %)",
        "\N{MINUS SIGN}9.98",
        "USD 39.92",
        "4 Dec 2026",
        "No tax is charged on this invoice.",
        "49.90 × 1 = 49.90, less 9.98 as its share of the discount = 39.92",
    ):
        assert words in text


def test_an_invoice_keeps_the_names_it_was_issued_with(plans, as_alice, alice):
    customer = customer_of(alice)
    customer.company, customer.country, customer.tax_number = "Alder & Finch", "GB", "GB 123"
    invoice = make_order(alice).invoice
    customer.tax_number = "GB 999"

    text = as_alice.get(f"/client/billing/{invoice.id}").text

    assert "Alder &amp; Finch" in text
    assert "United Kingdom" in text
    assert "Tax number GB 123" in text
    assert "GB 999" not in text


def test_what_a_discount_settles_is_paid(plans, as_alice, alice):
    make_promo_code("GIFT", percent=100)
    invoice = make_order(alice, promo_code="GIFT").invoice

    text = as_alice.get(f"/client/billing/{invoice.id}").text

    assert "Nothing to pay: settled by the discount" in text
    assert "To pay by" not in text


def test_a_metered_line_tells_its_exact_price(as_alice, alice):
    line = LineDraft("Storage", Fraction(1, 3), quantity=1000, detail="1,000 GB hours")
    invoice = service.issue(customer=customer_of(alice), lines=[line], currency="USD")

    text = as_alice.get(f"/client/billing/{invoice.id}").text

    assert "1/3 minor units × 1000" in text
    assert "USD 3.33" in text


def test_a_stranger_finds_nothing(plans, as_bob, as_charlie, alice):
    invoice = make_order(alice).invoice

    assert as_bob.get(f"/client/billing/{invoice.id}").status_code == 404
    assert as_charlie.get(f"/client/billing/{invoice.id}").status_code == 404
    assert "No invoices yet" in as_bob.get("/client/billing").text


@pytest.mark.parametrize("role", [1, 2])
def test_who_sees_no_money_is_kept_out(plans, as_alice, alice, role):
    invoice = make_order(alice).invoice
    alice.customer_role = role

    assert as_alice.get("/client/billing").status_code == 403
    assert as_alice.get(f"/client/billing/{invoice.id}").status_code == 403


def test_a_draft_is_nobodys_invoice_yet(as_alice, alice):
    draft = service.draft(customer=customer_of(alice), lines=[LineDraft("Later", 100)], currency="USD")

    assert as_alice.get(f"/client/billing/{draft.id}").status_code == 404
    assert "No invoices yet" in as_alice.get("/client/billing").text


def test_staff_have_no_portal(client, as_olive):
    assert as_olive.get("/client/billing").status_code == 403
    assert client.get("/client/billing").location.startswith("/sign-in")


def test_a_customers_words_on_an_invoice_are_never_markup(as_alice, alice):
    accounts.update_customer(customer_of(alice), company="<script>x</script>{{ 7 * 7 }}")
    db.session().flush()
    line = LineDraft("<img src=x onerror=alert(1)>", 100)
    invoice = service.issue(customer=customer_of(alice), lines=[line], currency="USD")

    text = as_alice.get(f"/client/billing/{invoice.id}").text

    assert "<script>x" not in text
    assert "<img src=x" not in text
    assert "49" not in text.split("Billed to")[1].split("From")[0]


def test_what_is_printed_bears_the_brand_and_says_what_became_of_it(plans, as_alice, alice):
    invoice = make_order(alice).invoice
    address = f"/client/billing/{invoice.id}"
    letterhead = as_alice.get(address).text.partition('class="mp-letterhead"')[2].partition("</div>")[0]
    assert "Harbourline" in letterhead

    voiding.void(invoice.id)

    text = as_alice.get(address).text
    assert "Made void" in text.partition("Billed to")[2].partition("What is charged")[0]
    assert "Nothing is to be paid of it any more." in text
    assert "To pay by" not in text
