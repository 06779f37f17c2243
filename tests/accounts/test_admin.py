"""`/admin/customers`: the list."""

import csv
import io
import re
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from app.features.accounts import customers
from app.features.audit.models import AuditLog
from app.kernel import db, lists, offered, tenancy
from app.kernel.access import Role
from tests.accounts.factories import make_colleague, make_customer

HERE = "/admin/customers"


@pytest.fixture(autouse=True)
def _nothing_remembered():
    offered.forget()
    customers.CUSTOMERS._counts.clear()


def titles(response) -> list[str]:
    return re.findall(r'<div class="t"><a href="[^"]+">([^<]+)</a>', response.text)


def test_the_newest_customer_comes_first(as_sam, now):
    for name in ("Ann One", "Ben Two", "Cat Three"):
        make_customer(name)
        now.shift(60)
    response = as_sam.get(HERE)
    assert titles(response) == ["Cat Three", "Ben Two", "Ann One"]
    assert "3 of 3 customers" in response.text
    assert titles(as_sam.get(f"{HERE}?sort=oldest")) == ["Ann One", "Ben Two", "Cat Three"]
    assert titles(as_sam.get(f"{HERE}?sort=name")) == ["Ann One", "Ben Two", "Cat Three"]


@pytest.mark.parametrize(
    ("query", "found"),
    [({"q": "alder"}, ["Alder Bakery"]), ({"q": "BAKE ald"}, ["Alder Bakery"]), ({"q": "%"}, []), ({"q": "_"}, []), ({"q": "\\"}, []),
     ({"status": "closed"}, ["Gone Cycles"]), ({"source": "google-ads"}, ["Alder Bakery"]), ({"country": "GB"}, ["Alder Bakery"]),
     ({"q": "alder", "status": "closed"}, []), ({"q": "example.com"}, ["Alder Bakery", "Gone Cycles"]), ({"status": "nonsense"}, ["Alder Bakery", "Gone Cycles"]),
     ({"q": "' OR 1=1 --"}, []), ({"q": "x" * 5000}, [])],
)  # fmt: skip
def test_searching_and_filtering(as_sam, query, found):
    make_customer("Alice Alder", company="Alder Bakery", marketing_source="google-ads", country="GB")
    make_customer("Gone Cycles", status="closed")
    response = as_sam.get(HERE, query_string=query)
    assert sorted(titles(response)) == found
    if not found:
        assert "Nothing matches" in response.text


@pytest.mark.both_stores
@pytest.mark.parametrize("sort", ["newest", "oldest", "name"])
def test_paging_shows_each_customer_once_there_and_back(as_sam, monkeypatch, sort):
    monkeypatch.setattr(lists, "ON_A_PAGE", 3)
    names = [f"{letter}ame Person" for letter in "HDBGACFE"]
    for name in names:
        make_customer(name)
    seen, back, path = [], [], f"{HERE}?{urlencode({'sort': sort})}"
    while path:
        response = as_sam.get(path)
        seen.append(titles(response))
        following = re.search(r'href="([^"]+)" rel="next"', response.text)
        path = following[1].replace("&amp;", "&") if following else None
    expected = {"newest": names[::-1], "oldest": names, "name": sorted(names)}[sort]
    assert seen == [expected[:3], expected[3:6], expected[6:]]
    while response:
        before = re.search(r'href="([^"]+)" rel="prev"', response.text)
        response = as_sam.get(before[1].replace("&amp;", "&")) if before else None
        if response:
            back.append(titles(response))
    assert back == [expected[3:6], expected[:3]]


@pytest.mark.parametrize("cursor", ["x", "n", "nx", "n01a1fde9-0000-7000-8000-000000000000", "z" * 5000])
@pytest.mark.parametrize("sort", ["newest", "name"])
def test_an_altered_cursor_is_refused(as_sam, cursor, sort):
    assert as_sam.get(HERE, query_string={"cursor": cursor, "sort": sort}).status_code == 400


def test_the_page_asks_the_store_as_often_whatever_the_size(as_sam, queries):
    for _ in range(30):
        make_customer()
    with queries(max=9):
        as_sam.get(HERE)


def test_a_fragment_is_only_the_rows(as_sam):
    make_customer("Ann One")
    text = as_sam.get(HERE, headers={"HX-Request": "true", "HX-Target": "rows"}).text
    assert text.lstrip().startswith('<div id="rows">')
    assert "<html" not in text


def test_an_empty_house_says_what_to_do_first(as_sam):
    response = as_sam.get(HERE)
    assert "No customers yet" in response.text
    assert "/admin/api-keys/new" in response.text


def test_other_tenants_customers_are_not_there(as_sam, charlie, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        make_customer("Foreign Person")
    assert "Foreign" not in as_sam.get(HERE).text
    assert "Foreign" not in as_sam.post(f"{HERE}/export").text


def test_an_export_is_whole_logged_and_safe_in_a_spreadsheet(as_sam, monkeypatch):
    monkeypatch.setattr(lists, "EXPORTED_AT_ONCE", 3)
    for number in range(7):
        make_customer(f"Person {number}")
    make_customer("Evil Eve", company='=HYPERLINK("http://evil.example")', city="@SUM(1)", phone="+44 1225")
    response = as_sam.post(f"{HERE}/export", data={"q": ""})
    rows = list(csv.reader(io.StringIO(response.text.removeprefix("\ufeff"))))
    assert response.mimetype == "text/csv"
    assert "attachment" in response.headers["Content-Disposition"]
    assert len(rows) == 9
    assert rows[1][1] == '\'=HYPERLINK("http://evil.example")'
    assert (rows[1][8], rows[1][9]) == ("'@SUM(1)", "'+44 1225")
    assert (
        db.session().scalars(sa.select(AuditLog).where(AuditLog.action == "DATA_EXPORTED")).one().resource_type
        == "customer"
    )
    assert len(as_sam.post(f"{HERE}/export", data={"q": "eve"}).text.splitlines()) == 2


def test_names_are_escaped(as_sam):
    make_customer("x", company="<script>alert(1)</script>")
    assert "<script>alert(1)" not in as_sam.get(HERE).text


def test_strangers(client, as_alice, sign_in):
    make_customer()
    assert client.get(HERE).status_code == 303
    assert client.post(f"{HERE}/export").status_code == 303
    assert as_alice.get(HERE).status_code == 403
    assert as_alice.post(f"{HERE}/export").status_code == 403
    viewer = sign_in(make_colleague(Role.VIEWER))
    assert viewer.get(HERE).status_code == 200
    assert "/admin/customers/export" not in viewer.get(HERE).text
    assert viewer.post(f"{HERE}/export").status_code == 403
