"""`/admin/search`: what the palette finds, and the page for those without JavaScript."""

import re
from html import unescape

import pytest

from app.features.dashboard import search
from app.kernel import tenancy
from app.kernel.access import Role
from tests.accounts.factories import make_colleague, make_customer
from tests.dashboard.factories import make_busy

HERE = "/admin/search"
PALETTE = {"HX-Request": "true", "HX-Target": "palette_results"}


def hits(response) -> list[str]:
    assert response.status_code == 200
    return [unescape(label) for label in re.findall(r'<span class="strong">([^<]+)</span>', response.text)]


def ask(browser, text: str) -> list[str]:
    return hits(browser.get(HERE, query_string={"q": text}, headers=PALETTE))


@pytest.mark.both_stores
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("alder", ["Alder & Finch Bakery"]),
        ("FINCH bak", ["Alder & Finch Bakery"]),
        ("muller", ["Jürgen Müller", "Jürgen Müller"]),
        ("MÜLL", ["Jürgen Müller", "Jürgen Müller"]),
        ("lder", []),
        ("a", []),
        ("%", []),
        ("alder' OR 1=1 --", []),
    ],
)
def test_records_are_found_by_the_beginnings_of_their_words(as_sam, text, found):
    make_customer("Jürgen Müller")
    make_customer("Ann Wren", company="Alder & Finch Bakery")

    assert ask(as_sam, text) == found


def test_a_person_leads_to_their_customer(as_sam, alice):
    text = as_sam.get(HERE, query_string={"q": alice.email}, headers=PALETTE).text

    assert f'href="/admin/customers/{alice.customer_id}"' in text
    assert 'aria-label="People"' in text


def test_an_order_is_found_by_its_number_by_those_who_see_money(as_sam, sign_in, alice, plans):
    make_busy(alice, times=1)
    number = re.search(r"[A-Z]+-\d{4}-\d+", as_sam.get(f"/admin/customers/{alice.customer_id}").text)[0]

    assert number in ask(as_sam, number[:-1])
    assert number in ask(sign_in(make_colleague(Role.BILLING, "Bill")), number.lower())
    assert ask(sign_in(make_colleague(Role.VIEWER, "Vic")), number) == []


@pytest.mark.parametrize("role", list(Role))
def test_no_amount_is_shown_below_billing_and_nothing_to_do_that_is_refused(sign_in, alice, plans, role):
    make_busy(alice, times=1)
    browser = sign_in(make_colleague(role, role.name.capitalize()))

    said = "".join(
        browser.get(HERE, query_string={"q": text}, headers=PALETTE).text
        for text in ("alice", "inv", "ord", "add", "make")
    )

    assert ("99.90" in said or "99,90" in said) is False or role >= Role.BILLING
    for href in re.findall(r'class="opt"[^>]* href="([^"]+)"', said):
        assert browser.get(href).status_code == 200, (role, href)


def test_what_can_be_begun_is_offered_by_role(as_sam, sign_in):
    assert "Make an API key" in ask(as_sam, "api key")
    assert ask(sign_in(make_colleague(Role.MEMBER)), "api key") == []
    for _label, _where, href, _icon, _least in search.ACTIONS:
        assert as_sam.get(href).status_code == 200, href


def test_without_javascript_it_is_a_page_with_pages_too(as_sam):
    make_customer("Ann Wren")
    page = as_sam.get(HERE, query_string={"q": "ann"}).text

    assert "<html" in page and page.count('id="palette_results"') == 1
    assert "Ann Wren" in page.partition("<main")[2]
    assert (
        'href="/admin/customers">Customers</a>'
        in as_sam.get(HERE, query_string={"q": "custom"}).text.partition("<main")[2]
    )
    assert "at least two letters" in as_sam.get(HERE).text
    assert "Nothing matches" in as_sam.get(HERE, query_string={"q": "zzzz"}).text


@pytest.mark.parametrize(
    "text", ["\0", "\ud800", "'", '")', "--", "*", "NEAR(", "a & | !", "x" * 100_000, "é" * 3000, "\U0010ffff"]
)
def test_what_nobody_would_type_finds_nothing_and_breaks_nothing(as_sam, text):
    query = text.encode("utf-8", "surrogatepass")

    assert as_sam.get(HERE, query_string={"q": query}, headers=PALETTE).status_code in {200, 400, 414}


def test_it_asks_the_store_as_often_whatever_there_is(as_sam, queries):
    for number in range(30):
        make_customer(f"Ann Wren{number}")
    with queries(max=15):
        as_sam.get(HERE, query_string={"q": "ann wren"}, headers=PALETTE)


def test_other_tenants_records_are_not_there(as_sam, charlie, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        make_customer("Foreign Person")

    assert ask(as_sam, "foreign") == []


def test_names_are_escaped(as_sam):
    make_customer("Ann Wren", company="<script>alert(1)</script>")

    assert "<script>alert" not in as_sam.get(HERE, query_string={"q": "ann"}, headers=PALETTE).text


def test_strangers(client, as_alice):
    assert client.get(HERE).status_code == 303
    assert as_alice.get(HERE).status_code == 403
