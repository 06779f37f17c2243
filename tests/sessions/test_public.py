"""Signing in and out, and setting a password by link: through the doors."""

import base64
import pickle
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.config import current
from app.features.accounts import service as accounts
from app.features.audit.models import AuditLog
from app.features.sessions import service, signing
from app.features.sessions.models import UserSession
from app.kernel import crypto, db, limits, tenancy
from tests.accounts.factories import PASSWORD, give_password, make_link, shut_out
from tests.sessions.factories import FIREFOX, is_in, make_login, sign_in
from tests.support.cast import HOST, OTHER_HOST
from tests.support.clients import open_client

COOKIE = "mpanel"


def bare(response) -> tuple:
    """An answer without what differs from one to the next anyway."""
    text = re.sub(r'name="csrf_token"[^>]*value="[^"]*"', "", response.text)
    text = re.sub(r'value="[^"]*@[^"]*"', "", text)
    headers = {
        name: value for name, value in response.headers if name not in {"X-Request-Id", "Set-Cookie", "Content-Length"}
    }
    return response.status_code, text, headers


# Signing in.


def test_a_customer_signs_in_and_is_at_home(client, alice):
    give_password(alice)
    response = sign_in(client, " ALICE@Acme.example ")
    assert (response.status_code, response.location) == (303, "/client")
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie
    assert is_in(client)


def test_staff_sign_in_at_their_own_door(client, sam):
    give_password(sam)
    response = sign_in(client, sam.email, door="/admin/sign-in")
    assert (response.status_code, response.location) == (303, "/admin")


def test_on_https_the_cookie_is_bound_to_the_host():
    assert service.cookie_name(True) == "__Host-mpanel"


def test_unknown_and_known_addresses_are_answered_alike(client, alice, bob, sam):
    give_password(alice)
    give_password(sam)
    shut_out(give_password(bob))
    first = bare(sign_in(client, alice.email, "a wrong password"))
    assert first[0] == 422
    for email, password in [
        ("nobody@example.com", "a wrong password"), ("not an address", "a wrong password"), (bob.email, PASSWORD),
        (sam.email, PASSWORD), (alice.email, "another wrong one"),
    ]:  # fmt: skip
        answer = bare(sign_in(client, email, password))
        if email != "not an address":
            assert answer == first
        assert answer[0] == 422


@pytest.mark.parametrize("email", ["alice@acme.example", "nobody@example.com", "sam@harbourline.example", "%%%"])
def test_exactly_one_password_hash_is_checked_whoever_it_is(client, alice, sam, monkeypatch, email):
    give_password(alice)
    give_password(sam)
    checked = []
    real = crypto._HASHER.verify
    monkeypatch.setattr(
        crypto, "_HASHER", type("Counting", (), {"verify": lambda _self, *a: checked.append(a) or real(*a)})()
    )
    sign_in(client, email, "a wrong password")
    assert len(checked) == 1


def test_nobody_crosses_over_from_one_door_to_the_other(client, alice, sam):
    give_password(alice)
    give_password(sam)
    assert bare(sign_in(client, sam.email)) == bare(sign_in(client, sam.email, "a wrong password"))
    staff_door = {"door": "/admin/sign-in"}
    assert bare(sign_in(client, alice.email, **staff_door)) == bare(
        sign_in(client, alice.email, "a wrong one", **staff_door)
    )
    assert not is_in(client)


def test_a_person_of_another_tenant_is_unknown_here(client, charlie):
    with tenancy.as_tenant(charlie.tenant_id):
        give_password(charlie)
    assert sign_in(client, charlie.email).status_code == 422


def test_a_failure_is_logged_although_the_request_is_refused(client, alice):
    give_password(alice)
    for _ in range(5):
        sign_in(client, alice.email, "a wrong password")
    failures = (
        db.session()
        .scalars(sa.select(AuditLog).where(AuditLog.action == "USER_LOGIN_FAILED").order_by(AuditLog.id))
        .all()
    )
    assert [row.severity for row in failures] == ["warning"] * 4 + ["error"]
    assert "wrong" not in str([vars(row) for row in failures])


@pytest.mark.parametrize(
    "fields",
    [{}, {"email": "", "password": ""}, {"email[]": "a", "password": "x"}, {"email": "a@example.com"}, {"email": ["a@example.com", "b@example.com"], "password": "x"},
     {"email": "a@example.com", "password": ["x", "y"]}, {"email": "a@example.com", "password": "nul\0nul"},
     {"email": "a@example.com", "password": "x" * 1025}, {"email": "a@example.com", "password": "é" * 513},
     {"email": "x" * 100_000, "password": "x"}],
)  # fmt: skip
def test_odd_input_is_a_422_and_costs_no_more_than_one_hash(client, fields):
    assert client.post("/sign-in", data=fields).status_code == 422


def test_a_password_of_a_megabyte_is_refused_before_it_is_hashed(client, monkeypatch):
    monkeypatch.setattr(crypto, "password_matches", lambda *_: pytest.fail("hashed"))
    assert client.post("/sign-in", data={"email": "a@example.com", "password": "x" * 1_000_000}).status_code in {
        413,
        422,
    }


def test_a_password_of_1024_bytes_is_compared_whole(client, alice):
    give_password(alice, crypto.hash_password("é" * 511 + "ab"))
    assert sign_in(client, alice.email, "é" * 511 + "ac").status_code == 422
    assert sign_in(client, alice.email, "é" * 511 + "ab").status_code == 303


def test_json_is_no_form(client):
    assert client.post("/sign-in", json={"email": ["a"], "password": None}).status_code in {400, 403, 422}


def test_a_form_made_elsewhere_is_refused(client, alice):
    give_password(alice)
    assert client.post("/sign-in", data={"email": alice.email, "password": PASSWORD}, csrf=False).status_code == 403


# Those who guess.


def test_one_account_is_guessed_ten_times_whatever_the_address(client, alice, panel_app, tenant):
    give_password(alice)
    answers = [sign_in(client, alice.email, f"guess {n}", ip=f"198.51.100.{n}").status_code for n in range(12)]
    assert answers == [422] * 10 + [429] * 2
    assert sign_in(client, alice.email, PASSWORD, ip="198.51.100.99").status_code == 429


@pytest.mark.parametrize("email", ["ALICE@ACME.example", " alice@acme.example", "ａlice@acme.example"])
def test_the_limit_counts_every_spelling_as_one(client, alice, email):
    for n in range(10):
        sign_in(client, alice.email, "a wrong password", ip=f"198.51.100.{n}")
    assert sign_in(client, email, "a wrong password", ip="198.51.100.200").status_code == 429


def test_a_namesake_of_another_tenant_neither_frees_nor_locks_an_account(panel_app, client, alice, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        _customer, namesake = accounts.register(email=alice.email, first_name="Al", last_name="Ice")
        give_password(namesake)
    elsewhere = open_client(panel_app, host=OTHER_HOST, tenant_id=other_tenant.id)
    for n in range(10):
        sign_in(client, alice.email, "a wrong password", ip=f"198.51.100.{n}")

    assert sign_in(elsewhere, alice.email, ip="192.0.2.1").status_code == 303
    assert sign_in(client, alice.email, "wrong again", ip="198.51.100.99").status_code == 429


def test_an_unknown_account_is_throttled_like_a_known_one(client, alice):
    known = [sign_in(client, alice.email, "x" * 10, ip=f"198.51.100.{n}").status_code for n in range(12)]
    unknown = [sign_in(client, "nobody@example.com", "x" * 10, ip=f"192.0.2.{n}").status_code for n in range(12)]
    assert known == unknown


def test_a_flood_of_strangers_never_locks_the_person_out(client, alice, panel_app, tenant):
    give_password(alice)
    make_login(alice, ip="203.0.113.9")
    for n in range(12):
        sign_in(client, alice.email, "a wrong password", ip=f"198.51.100.{n}")
    at_home = open_client(panel_app, host=HOST, tenant_id=tenant.id)
    assert sign_in(at_home, alice.email, ip="203.0.113.9").status_code == 303
    _link, token = make_link(alice)
    abroad = open_client(panel_app, host=HOST, tenant_id=tenant.id)
    response = abroad.post("/set-password", data={"token": token, "password": "a brand new password"})
    assert (response.status_code, response.location) == (303, "/client")


def test_a_right_password_is_not_counted(client, alice):
    give_password(alice)
    assert {sign_in(client, alice.email).status_code for _ in range(15)} == {303}


@pytest.mark.parametrize(
    ("addresses", "other"),
    [(["198.51.100.7"] * 40, "198.51.100.8"), ([f"2001:db8:1:2::{n:x}" for n in range(1, 41)], "2001:db8:1:3::1")],
)
def test_one_network_is_throttled_over_many_accounts(client, addresses, other):
    answers = [
        sign_in(client, f"person{n}@example.com", "a guess here", ip=ip).status_code for n, ip in enumerate(addresses)
    ]
    assert answers == [422] * 30 + [429] * 10
    assert sign_in(client, "person99@example.com", "a guess here", ip=other).status_code == 422


def test_after_the_wait_the_door_is_open_again(client, alice, now):
    give_password(alice)
    for _ in range(11):
        refused = sign_in(client, alice.email, "a wrong password")
    assert refused.status_code == 429
    assert "Wait" in refused.text
    now.shift(timedelta(seconds=int(refused.headers["Retry-After"]) + 1))
    assert sign_in(client, alice.email).status_code == 303


# Logins and cookies.


def test_a_planted_cookie_is_never_taken_over(client, alice, bob):
    give_password(alice)
    _login, planted = make_login(bob)
    client.set_cookie(COOKIE, planted, domain="127.0.0.1")
    client.tenant_id = alice.tenant_id
    response = sign_in(client, alice.email)
    fresh = client.get_cookie(COOKIE, "127.0.0.1").value
    assert response.status_code == 303
    assert fresh != planted
    assert service.resolve(planted) is None
    assert service.resolve(fresh).user_id == alice.id


@pytest.mark.parametrize(
    "cookie",
    [
        "x",
        "x" * 43,
        "é" * 43,
        "." * 4000,
        base64.b64encode(pickle.dumps({"user": 1})).decode(),
        "null",
        "0",
        "{}",
        "A" * 42 + "=",
    ],
)
def test_an_altered_cookie_is_nobodys(client, cookie):
    client.set_cookie(COOKIE, cookie, domain="127.0.0.1")
    assert client.get("/client/security/sessions").status_code == 303
    assert client.get("/sign-in").status_code == 200


def test_a_bit_that_flips_ends_the_login(as_alice):
    token = as_alice.get_cookie(COOKIE, "127.0.0.1").value
    as_alice.set_cookie(COOKIE, ("A" if token[0] != "A" else "B") + token[1:], domain="127.0.0.1")
    assert not is_in(as_alice)


def test_a_row_that_is_gone_ends_the_login(as_alice, alice):
    db.session().execute(sa.delete(UserSession))
    assert not is_in(as_alice)


def test_a_cookie_of_one_tenant_is_nothing_at_another(as_alice, other_tenant, panel_app):
    token = as_alice.get_cookie(COOKIE, "127.0.0.1").value
    there = open_client(panel_app, host=OTHER_HOST, tenant_id=other_tenant.id)
    there.set_cookie(COOKIE, token, domain=OTHER_HOST)
    assert there.get("/client/security/sessions").status_code == 303


def test_signing_out_ends_the_login_and_the_cookie(as_alice):
    token = as_alice.get_cookie(COOKIE, "127.0.0.1").value
    response = as_alice.post("/sign-out")
    assert (response.status_code, response.location) == (303, "/sign-in")
    assert as_alice.get_cookie(COOKIE, "127.0.0.1") is None
    assert service.resolve(token) is None


def test_signing_out_by_somebody_elses_page_is_refused(as_alice):
    assert as_alice.post("/sign-out", csrf=False).status_code == 403
    assert as_alice.get("/sign-out").status_code == 405
    assert is_in(as_alice)


def test_signing_out_without_a_login_does_no_harm(client):
    assert client.post("/sign-out").status_code == 303


# Where to, afterwards.

OWN = ["/client", "/client/security/sessions", "/client?a=b&c=d", "/client/x%20y"]
FOREIGN = [
    "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "http:evil.example",
    "https:/evil.example", "/\t/evil.example", "/\n/evil.example", " //evil.example", "javascript:alert(1)", "evil.example",
    "@evil.example", "/\u2028/evil.example", "data:text/html,x", "/client\r\nSet-Cookie: a=b", "/" + "x" * 3000, "",
    "https://127.0.0.1:2271@evil.example/", "/é", "%2F%2Fevil.example",
]  # fmt: skip


@pytest.mark.parametrize("target", OWN)
def test_after_signing_in_people_go_where_they_wanted(client, alice, target):
    give_password(alice)
    assert sign_in(client, alice.email, next=target).location == target


@pytest.mark.parametrize("target", FOREIGN)
def test_nobody_is_sent_elsewhere_after_signing_in(client, as_alice, alice, target):
    give_password(alice)
    assert sign_in(client, alice.email, next=target).location == "/client"
    assert as_alice.get("/sign-in", query_string={"next": target}).location == "/client"


def test_the_door_asks_for_the_page_that_was_wanted(client):
    response = client.get("/client/security/sessions?x=1")
    assert response.location == "/sign-in?next=/client/security/sessions%3Fx%3D1"
    assert 'value="/client/security/sessions?x=1"' in client.get(response.location).text


# Setting a password by link.


def test_a_scanner_that_looks_at_the_link_uses_nothing_up(client, alice):
    _link, token = make_link(alice, "first")
    for _ in range(5):
        assert client.get(f"/set-password?token={token}").status_code == 200
        assert client.head(f"/set-password?token={token}").status_code == 200
    assert client.post("/set-password", data={"token": token, "password": "a fine new password"}).status_code == 303


def test_setting_a_password_signs_in_and_ends_every_other_login(client, as_alice, alice):
    _login, phone = make_login(alice)
    _link, token = make_link(alice)
    response = client.post(
        "/set-password", data={"token": token, "password": "a fine new password"}, headers={"User-Agent": FIREFOX}
    )
    assert (response.status_code, response.location) == (303, "/client")
    assert is_in(client)
    assert not is_in(as_alice)
    assert service.resolve(phone) is None
    assert crypto.password_matches(alice.password_hash, "a fine new password")


def test_staff_come_home_to_their_side(client, sam):
    _link, token = make_link(sam)
    assert client.post("/set-password", data={"token": token, "password": "a fine new password"}).location == "/admin"


def test_a_link_is_used_once(client, alice):
    _link, token = make_link(alice)
    first = client.post("/set-password", data={"token": token, "password": "a fine new password"})
    second = client.post("/set-password", data={"token": token, "password": "somebody elses password"})
    assert (first.status_code, second.status_code) == (303, 410)
    assert crypto.password_matches(alice.password_hash, "a fine new password")
    assert client.get(f"/set-password?token={token}").status_code == 410


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 9000, "\0", "é", "'; DROP TABLE users; --"])
def test_a_token_that_never_was_shows_the_way_to_a_new_one(client, token):
    for response in (
        client.get("/set-password", query_string={"token": token}),
        client.post("/set-password", data={"token": token, "password": "a fine new password"}),
    ):
        assert response.status_code == 410
        assert "/reset-password" in response.text


def test_a_spent_link_leads_back_to_the_right_door(client, alice, sam):
    for person, door in ((alice, "/reset-password"), (sam, "/admin/reset-password")):
        link, token = make_link(person)
        link.revoked_at = link.created_at
        assert f'href="{door}"' in client.get(f"/set-password?token={token}").text


def test_a_link_is_over_after_its_hour(client, alice, now):
    _link, token = make_link(alice)
    now.shift(timedelta(hours=1, seconds=1))
    assert client.get(f"/set-password?token={token}").status_code == 410
    assert client.post("/set-password", data={"token": token, "password": "a fine new password"}).status_code == 410


def test_a_link_of_one_tenant_is_nothing_at_another(alice, other_tenant, panel_app):
    _link, token = make_link(alice)
    there = open_client(panel_app, host=OTHER_HOST, tenant_id=other_tenant.id)
    assert there.get(f"/set-password?token={token}").status_code == 410
    assert there.post("/set-password", data={"token": token, "password": "a fine new password"}).status_code == 410


def test_the_pages_address_goes_nowhere_else(client, alice):
    _link, token = make_link(alice)
    response = client.get(f"/set-password?token={token}")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"
    assert "data-strip-query" in response.text
    assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', response.text)
    assert not re.findall(r'(?:src|href|action)="[^"]*token=', response.text)


@pytest.mark.parametrize(
    "password", ["short", "password123", "alice@acme.example", "Harbourline 2026", "nul\0in the middle", "x" * 1025, ""]
)
def test_a_refused_password_keeps_the_link(client, alice, password):
    _link, token = make_link(alice)
    response = client.post("/set-password", data={"token": token, "password": password})
    assert response.status_code == 422
    assert 'class="form-error"' in response.text
    assert token in response.text
    assert (
        client.post(
            "/set-password", data={"token": token, "password": "🦊🐙🐝🐢🦊🐙🐝🐢🦊🐙🐝🐢" + "x" * 60}
        ).status_code
        == 303
    )


def test_a_token_is_written_nowhere(client, alice, capsys):
    _link, token = make_link(alice)
    client.get(f"/set-password?token={token}")
    client.post("/set-password", data={"token": token, "password": "a fine new password"})
    told = str([vars(row) for row in db.session().scalars(sa.select(AuditLog))])
    assert token not in told + "".join(capsys.readouterr())
    assert "a fine new password" not in told


def test_the_hash_is_made_before_the_transaction_begins(client, alice, monkeypatch):
    _link, token = make_link(alice)
    real, seen = crypto.hash_password, []
    monkeypatch.setattr(crypto, "hash_password", lambda text: seen.append(db.session().in_transaction()) or real(text))
    client.post("/set-password", data={"token": token, "password": "a fine new password"})
    assert seen == [False]


def test_limits_and_lifetimes_are_what_the_pages_say(client):
    assert (service.LASTS.days, service.CUSTOMER_IDLE.days, service.STAFF_IDLE.total_seconds()) == (7, 3, 86400)
    assert "7 days, 3 days without use" in client.get("/sign-in").text
    assert "7 days, 24 hours without use" in client.get("/admin/sign-in").text
    assert limits.peek(signing.PER_ACCOUNT, "sign-in", "nobody").limit == 10
    assert not current().is_https
