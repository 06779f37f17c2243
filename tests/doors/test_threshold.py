"""What every route owes, taken from the route map: policy, no forgery, no foreign host, no detail of a fault."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.routing import Rule

from app.doors import threshold
from app.features.accounts.models import User
from app.features.tenants.models import Tenant
from app.kernel import tenancy
from app.kernel.access import access_of
from tests.support.cast import HOST, OTHER_HOST, SignIn
from tests.support.clients import PanelClient

WRITES = ("POST", "PUT", "PATCH", "DELETE")
ARGUMENTS = {"uuid": lambda: str(uuid4()), "default": lambda: "x", "string": lambda: "x", "int": lambda: "7"}


def address_of(rule: Rule) -> str:
    """The rule's path with made-up arguments."""
    return re.sub(r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>", lambda found: ARGUMENTS[found[1] or "default"](), rule.rule)


def rules(app: Flask, *kinds: str) -> list[Rule]:
    """The routes whose mark is of one of `kinds`."""
    found = []
    for rule in app.url_map.iter_rules():
        mark = access_of(app.view_functions[rule.endpoint])
        assert mark is not None
        if mark.kind in kinds:
            found.append(rule)
    return found


def test_every_answer_bears_the_strict_policy(panel_app: Flask, client: PanelClient, as_olive: PanelClient) -> None:
    for rule in panel_app.url_map.iter_rules():
        for browser in (client, as_olive):
            answer = browser.get(address_of(rule))
            policy = answer.headers.get("Content-Security-Policy", "")
            where = f"{rule.rule} answered {answer.status_code}"
            assert "default-src 'none'" in policy and "unsafe-eval" not in policy, where
            assert "script-src" not in policy or "unsafe-inline" not in policy.split("style-src")[0], where
            assert "frame-ancestors" in policy, where
            assert answer.headers["X-Content-Type-Options"] == "nosniff", where
            assert answer.headers["X-Request-Id"], where
            assert "Server" not in answer.headers, where
            assert answer.status_code < 500, where


def test_pages_of_somebody_signed_in_are_never_kept(panel_app: Flask, as_sam: PanelClient) -> None:
    for rule in rules(panel_app, "role", "own"):
        if "GET" in (rule.methods or ()):
            answer = as_sam.get(address_of(rule))
            assert answer.headers["Cache-Control"] == "no-store", rule.rule
            assert "Cookie" in answer.headers["Vary"], rule.rule


def test_no_write_without_the_token_of_this_login(
    panel_app: Flask, as_olive: PanelClient, as_alice: PanelClient, sign_in: SignIn, olive: User
) -> None:
    other_login = sign_in(olive)
    foreign = other_login.form_token()
    for rule in rules(panel_app, "role", "own", "public"):
        for method in sorted(set(rule.methods or ()) & set(WRITES)):
            for browser in (as_olive, as_alice):
                path = address_of(rule)
                tries: list[dict[str, Any]] = [
                    {"data": {}},
                    {"data": {"csrf_token": foreign}},
                    {"query_string": {"csrf_token": foreign}},
                    {"data": json.dumps({"csrf_token": foreign}), "content_type": "text/plain"},
                    {"headers": {"X-HTTP-Method-Override": "GET"}, "data": {}},
                ]
                refused = 415 if access_of(panel_app.view_functions[rule.endpoint]).as_nobody else 403
                for attempt in tries:
                    answer = browser.open(path, method=method, csrf=False, **attempt)
                    assert answer.status_code == refused, (
                        f"{method} {rule.rule} {attempt} answered {answer.status_code}"
                    )


@pytest.mark.parametrize(
    "headers", [{"Origin": "null"}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_write_from_another_site_is_refused_even_with_the_token(
    as_alice: PanelClient, headers: dict[str, str]
) -> None:
    assert as_alice.post("/sign-out", headers=headers).status_code == 403
    assert as_alice.get("/client").status_code == 200


def test_a_customers_owner_passes_no_staff_route(panel_app: Flask, as_alice: PanelClient) -> None:
    tried = 0
    for rule in panel_app.url_map.iter_rules():
        mark = access_of(panel_app.view_functions[rule.endpoint])
        assert mark is not None
        if mark.kind == "role" and mark.customer is None:
            for method in sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"}):
                answer = as_alice.open(address_of(rule), method=method)
                assert answer.status_code in {403, 404}, f"{method} {rule.rule} answered {answer.status_code}"
                tried += 1
    assert tried > 5


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "a\\b", "[::1", "x" * 300, "", "a b", "@x"]
)
def test_a_host_that_nobody_verified_gets_a_neutral_page(client: PanelClient, tenant: Tenant, host: str) -> None:
    for path in ("/sign-in", "/reset-password", "/client", "/admin", "/"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code in {400, 404}, (host, path)
        assert "Harbourline" not in answer.text
        assert host == "" or host not in answer.headers.get("Location", "")


def test_forwarding_headers_of_a_stranger_change_nothing(client: PanelClient) -> None:
    lies = {
        "X-Forwarded-Host": OTHER_HOST, "X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https",
        "Forwarded": f"for=10.0.0.1;host={OTHER_HOST}", "X-Real-IP": "10.0.0.1", "X-Original-URL": "/admin",
    }  # fmt: skip
    answer = client.get("/sign-in", headers=lies)

    assert answer.status_code == 200
    assert "Tern" not in answer.text


def test_a_cookie_of_one_tenant_means_nothing_on_anothers_host(
    as_alice: PanelClient, other_tenant: Tenant, panel_app: Flask
) -> None:
    name, token = "mpanel", as_alice.token
    answer = as_alice.get("/client", base_url=f"http://{OTHER_HOST}", headers={"Cookie": f"{name}={token}"})

    assert answer.status_code == 303
    assert answer.location.endswith("/sign-in")


def test_an_unknown_address_says_the_same_to_everybody(client: PanelClient, as_sam: PanelClient) -> None:
    for browser in (client, as_sam):
        answer = browser.get("/admin/nothing-here")
        assert answer.status_code == 404
        assert "Traceback" not in answer.text and "werkzeug" not in answer.text.lower()


def test_an_error_for_programs_is_one_problem(client: PanelClient) -> None:
    answer = client.get("/api/nothing-here")

    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    problem = answer.get_json()
    assert problem["success"] is False
    assert problem["code"] == "not_found"
    assert problem["request_id"] == answer.headers["X-Request-Id"]


def test_a_request_id_of_the_client_is_kept_when_it_is_plain(client: PanelClient) -> None:
    kept = client.get("/sign-in", headers={"X-Request-Id": "abc-123"})
    made = client.get("/sign-in", headers={"X-Request-Id": 'x" onload=1'})

    assert kept.headers["X-Request-Id"] == "abc-123"
    assert re.fullmatch(r"[0-9a-f]{24}", made.headers["X-Request-Id"])


def test_a_body_over_a_megabyte_is_refused(as_alice: PanelClient) -> None:
    answer = as_alice.post("/sign-in", data={"email": "a" * (1024 * 1024 + 1)})

    assert answer.status_code == 413


def test_a_form_of_very_many_fields_is_refused_before_it_is_read(client: PanelClient, monkeypatch: Any) -> None:
    monkeypatch.setattr(
        "werkzeug.formparser.FormDataParser.parse", lambda *_, **__: pytest.fail("a million fields were read")
    )
    form = {"data": "a&" * 500_000, "content_type": "application/x-www-form-urlencoded", "csrf": False}

    assert client.post("/sign-in", **form).status_code == 413


def test_a_thread_keeps_nobodys_tenant_when_the_database_breaks_at_the_end(
    panel_app: Flask, client: PanelClient, monkeypatch: Any
) -> None:
    before = tenancy.current()
    with tenancy.across_tenants("operator"):
        with monkeypatch.context() as broken, pytest.raises(OSError, match="gone"):
            broken.setattr(threshold, "close_unit", lambda **_: _fail())
            client.get("/no-such-page")
        assert not tenancy.is_set()
    assert tenancy.current() == before


def _fail() -> None:
    raise OSError("gone")


def test_a_bug_is_a_500_with_a_number_and_no_detail(panel_app: Flask, client: PanelClient, monkeypatch: Any) -> None:
    def broken() -> None:
        raise RuntimeError("SELECT secret FROM vault")

    monkeypatch.setitem(panel_app.view_functions, "front.index", broken)
    broken.__access__ = access_of(panel_app.view_functions["front.index"])  # type: ignore[attr-defined]
    from app.kernel.access import Access

    broken.__access__ = Access("public")  # type: ignore[attr-defined]
    answer = client.get("/")

    assert answer.status_code == 500
    assert "vault" not in answer.text and "RuntimeError" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_a_suspended_tenant_says_so_kindly(client: PanelClient, tenant: Tenant) -> None:
    tenant.suspended_at = tenant.created_at
    from app.features.tenants import service as tenants

    tenants.forget()
    answer = client.get("/sign-in", base_url=f"http://{HOST}")

    assert answer.status_code == 503
    assert "Nothing is lost" in answer.text
