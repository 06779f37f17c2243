"""Terms: published, asked for at the next sign-in, accepted once; settings for staff."""

import pytest
import sqlalchemy as sa

from app.features.accounts import agreements
from app.features.accounts.models import Consent, TermsVersion
from app.features.tenants import service as tenants
from app.kernel import db
from app.kernel.access import Role
from app.kernel.errors import Invalid
from tests.accounts.factories import give_password, make_colleague
from tests.sessions.factories import sign_in

HERE, ASK = "/admin/settings/sign-up", "/client/terms"


@pytest.fixture
def published(tenant, now):
    """Terms, a minute old."""
    found = agreements.publish("2026-11", text="Be kind.\n\nPay in time.", url="", user_id=None)
    db.session().flush()
    return found


def test_who_signs_in_after_a_change_is_asked_before_anything_else(client, alice, published, now):
    give_password(alice)
    now.shift(60)
    sign_in(client, "alice@acme.example")

    assert client.get("/client/account").location == f"{ASK}?next=/client/account"
    assert client.get("/client").location == ASK
    assert client.post("/client/account", data={"name": "Alice"}).location == ASK
    answer = client.get("/api/sessions")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "terms_not_accepted")
    text = client.get(ASK).text
    assert "Pay in time." in text
    assert "/client/services" not in text
    assert client.post(ASK, data={"terms_version": "2026-11"}).status_code == 422
    response = client.post(ASK, data={"terms_version": "2026-11", "accepts": "y", "next": "/client/account"})
    assert response.location == "/client/account"
    assert "/client/services" in client.get("/client/account").text
    [kept] = db.session().scalars(sa.select(Consent)).all()
    assert (kept.user_id, kept.kind, kept.version, kept.given_where) == (alice.id, "terms", "2026-11", "sign-in")


def test_who_is_signed_in_already_is_left_alone_and_nobody_is_asked_twice(as_alice, client, alice, now):
    give_password(alice)
    now.shift(60)
    agreements.publish("2026-11", text="Be kind.", url="", user_id=None)
    assert as_alice.get("/client/account").status_code == 200
    sign_in(client, "alice@acme.example")
    client.post(ASK, data={"terms_version": "2026-11", "accepts": "y"})
    client.post("/sign-out")
    sign_in(client, "alice@acme.example")
    assert client.get("/client/account").status_code == 200
    assert client.get(ASK).location == "/client"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_the_way_on_leads_nowhere_else(client, alice, published, target):
    give_password(alice)
    sign_in(client, "alice@acme.example")

    answer = client.post(ASK, data={"terms_version": "2026-11", "accepts": "y", "next": target})
    assert answer.location == "/client"
    assert client.get(ASK, query_string={"next": target}).location == "/client"


def test_accepting_what_holds_no_longer_is_refused(client, alice, published):
    give_password(alice)
    sign_in(client, "alice@acme.example")
    agreements.publish("2026-12", text="Be very kind.", url="", user_id=None)

    response = client.post(ASK, data={"terms_version": "2026-11", "accepts": "y"})
    assert response.status_code == 409
    assert "Be very kind." in response.text
    assert db.session().scalars(sa.select(Consent)).all() == []


def test_signing_out_is_always_possible(client, alice, published):
    give_password(alice)
    sign_in(client, "alice@acme.example")

    assert client.post("/sign-out").location == "/sign-in"


def test_staff_accept_nothing_neither_for_themselves_nor_in_somebodys_place(as_sam, alice, published):
    assert as_sam.get("/admin").status_code == 200
    as_sam.post(f"/admin/impersonations/{alice.id}")
    assert as_sam.get("/client/account").status_code == 200
    response = as_sam.post(ASK, data={"terms_version": "2026-11", "accepts": "y"})
    assert response.status_code == 403
    assert db.session().scalars(sa.select(Consent)).all() == []


def test_staff_publish_a_version_and_it_is_never_changed(as_sam, client):
    assert "Nobody" not in as_sam.get(HERE).text
    form = {"version": "2026-11", "text": "Be kind.\r\n\r\n<b>Pay</b> in time."}
    assert as_sam.post(f"{HERE}/terms", data=form).location == HERE
    assert as_sam.post(f"{HERE}/terms", data=form).status_code == 422
    page = client.get("/terms").text
    assert "&lt;b&gt;Pay&lt;/b&gt; in time." in page
    assert page.count("mp-words") == 2
    assert "2026-11" in as_sam.get(HERE).text
    assert as_sam.post(f"{HERE}/terms/withdrawal").location == HERE
    assert client.get("/terms").status_code == 404
    assert len(db.session().scalars(sa.select(TermsVersion)).all()) == 1


@pytest.mark.parametrize(
    ("version", "text", "url", "field"),
    [
        ("", "x", "", "version"),
        ("<i>", "x", "", "version"),
        ("1", "", "", "text"),
        ("1", "x" * 200_001, "", "text"),
        ("1", "", "javascript:alert(1)", "url"),
        ("1", "", "https://x.example/\nSet-Cookie", "url"),
    ],
)
def test_terms_that_cannot_be_are_refused(tenant, version, text, url, field):
    with pytest.raises(Invalid) as refused:
        agreements.publish(version, text=text, url=url, user_id=None)

    assert set(refused.value.fields) == {field}
    assert tenants.current().terms_version == ""


def test_staff_open_and_close_the_sign_up(as_sam):
    assert "Anybody can open an account" in as_sam.get(HERE).text
    assert as_sam.post(HERE, data={}).location == HERE
    assert not tenants.current().sign_up_open
    as_sam.post(HERE, data={"sign_up_open": "y"})
    refused = as_sam.post(f"{HERE}/terms", data={"version": ""})
    switch = refused.text.partition('name="sign_up_open"')[0].rpartition("<input")[2]
    assert (refused.status_code, "checked" in switch) == (422, True), "the other form of the page lost its state"
    assert tenants.current().sign_up_open


def test_strangers_and_lesser_staff_change_nothing(client, as_alice, sign_in):
    biller = sign_in(make_colleague(Role.BILLING))
    for address in (HERE, f"{HERE}/terms", f"{HERE}/terms/withdrawal"):
        assert client.post(address).location == "/admin/sign-in"
        assert as_alice.post(address).status_code == 403
        assert biller.post(address).status_code == 403
    assert client.get(ASK).location == f"/sign-in?next={ASK}"


def test_news_are_given_and_taken_back(alice):
    agreements.choose_news(alice, wanted=True, where="account")
    agreements.choose_news(alice, wanted=True, where="account")
    assert agreements.news_consent(alice.id) is not None
    agreements.choose_news(alice, wanted=False, where="account")
    assert agreements.news_consent(alice.id) is None
    assert len(db.session().scalars(sa.select(Consent)).all()) == 1


def test_the_pages_ask_the_store_little(as_sam, queries, published):
    with queries(max=9):
        as_sam.get(HERE)
