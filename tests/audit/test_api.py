"""`/api/admin/audit`: the log for programs of staff."""

import json
from typing import Any

import pytest
from flask import Flask

from app.features.accounts.models import User
from app.features.audit import service, specimen
from app.features.tenants.models import Tenant
from app.kernel import db, openapi, tenancy
from app.kernel.access import Actor, Role, acting
from app.kernel.ids import new_id
from tests.audit import rows
from tests.audit.rows import PEOPLE, THINGS
from tests.support.cast import SignIn, make_staff
from tests.support.clients import PanelClient

HERE = "/api/admin/audit"
NONSENSE = (
    "'",
    '")',
    "--",
    ";",
    "(CASE WHEN 1)",
    "a & | !",
    ":*",
    "<->",
    "NEAR(",
    '"',
    "*",
    "%",
    "_",
    "\0",
    "x" * 100_000,
)


@pytest.fixture
def as_sam(sign_in: SignIn, sam: User) -> PanelClient:
    return sign_in(sam)


def listed(client: PanelClient, **query: Any) -> list[dict[str, Any]]:
    """All pages of the answer."""
    found, cursor = [], None
    while True:
        given = {**query, **({"cursor": cursor} if cursor else {})}
        answer = client.get(HERE, query_string=given)
        assert answer.status_code == 200, answer.text
        found += answer.json["items"]
        cursor = answer.json["next_cursor"]
        if cursor is None:
            return found


def test_nobody_no_stranger_and_no_staff_below_admin_reads_it(
    client: PanelClient, as_alice: PanelClient, as_charlie: PanelClient, sign_in: SignIn, alice: User
) -> None:
    row = specimen.make(alice.id)
    billing = sign_in(make_staff("billing@harbourline.example", "Bea", Role.BILLING))

    for path in (HERE, f"{HERE}/{row.id}"):
        assert client.get(path).status_code == 401
        assert as_alice.get(path).status_code == 403
        assert as_charlie.get(path).status_code == 403
        assert billing.get(path).status_code == 403
    assert client.post(f"{HERE}/export").status_code in {401, 403}
    assert billing.post(f"{HERE}/export").status_code == 403


@pytest.mark.both_stores
def test_the_list_takes_the_filters_of_the_page(as_sam: PanelClient, tenant: Tenant) -> None:
    written = rows.mixed(120)
    rows.insert(written)
    ids = {str(row["id"]): row for row in written}

    def found(**query: Any) -> set[str]:
        return {row["id"] for row in listed(as_sam, limit=50, **query)} & ids.keys()

    assert found() == ids.keys()
    for query, fits in (
        ({"action": "INVOICE_PAID,INVOICE_ISSUED"}, lambda row: row["resource_type"] == "invoice"),
        ({"type": "payment_callback"}, lambda row: row["resource_type"] == "payment_callback"),
        ({"id": str(THINGS[0])}, lambda row: row["resource_id"] == THINGS[0]),
        ({"user": str(PEOPLE[0])}, lambda row: PEOPLE[0] in {row["actor_user_id"], row["impersonator_user_id"]}),
        ({"severity": "error"}, lambda row: row["severity"] == "error"),
        ({"pci": "true"}, lambda row: row["is_pci"]),
        ({"q": "invoice paid"}, lambda row: row["action"] == "INVOICE_PAID"),
        ({"request": "req-3"}, lambda row: row["request_id"] == "req-3"),
        ({"from": "2026-11-01", "to": "2026-11-01"}, lambda row: row["created_at"].day == 1),
    ):
        assert found(**query) == {row_id for row_id, row in ids.items() if fits(row)}, query


def test_one_row_is_whole_and_its_secrets_are_masked(as_sam: PanelClient, sam: User) -> None:
    actor = Actor(user_id=sam.id, name="Sam", ip="192.0.2.7", user_agent="Firefox/150", request_id="req-1")
    with acting(actor):
        service.record(
            "CUSTOMER_UPDATED",
            resource_type="customer",
            resource_id=new_id(),
            before={"email": "old@acme.example", "password": "hunter2"},
            after={"email": "new@acme.example", "password": "hunter3"},
        )
    db.session().flush()
    (line,) = listed(as_sam, action="CUSTOMER_UPDATED")

    row = as_sam.get(f"{HERE}/{line['id']}").json

    assert {name: row[name] for name in line} == line
    assert (row["actor"], row["address"], row["user_agent"]) == ("Sam", "192.0.2.7", "Firefox/150")
    assert row["before"] == {"email": "old@acme.example", "password": "[masked]"}
    assert row["after"] == {"email": "new@acme.example", "password": "[masked]"}
    assert "acme.example" not in json.dumps(line)


def test_a_row_of_another_tenant_is_as_if_it_were_not(as_sam: PanelClient, charlie: User, other_tenant: Tenant) -> None:
    with tenancy.as_tenant(other_tenant.id):
        foreign = specimen.make(charlie.id)

    answers = [as_sam.get(f"{HERE}/{row_id}") for row_id in (foreign.id, new_id())]

    assert [answer.status_code for answer in answers] == [404, 404]
    said = [{key: value for key, value in answer.json.items() if key != "request_id"} for answer in answers]
    assert said[0] == said[1]
    for query in ({"id": str(charlie.id)}, {"user": str(charlie.id)}, {"q": str(charlie.id)}):
        assert listed(as_sam, **query) == []


def test_what_makes_no_sense_is_refused_or_finds_nothing_and_never_breaks(as_sam: PanelClient, tenant: Tenant) -> None:
    rows.insert(rows.mixed(30))

    for nonsense in NONSENSE:
        for name in (
            "q",
            "user",
            "action",
            "type",
            "id",
            "severity",
            "from",
            "to",
            "gdpr",
            "request",
            "cursor",
            "limit",
        ):
            answer = as_sam.get(HERE, query_string={name: nonsense})
            assert answer.status_code in {200, 400, 422}, (name, nonsense[:20], answer.status_code)
            if answer.status_code == 200:
                assert answer.json["items"] == [], (name, nonsense[:20])
    for query in (
        {"limit": "1000000000"},
        {"page": "-1"},
        {"tenant_id": str(new_id())},
        {"sort": "id"},
        {"fields": "x"},
    ):
        assert as_sam.get(HERE, query_string=query).status_code == 422


def test_a_cursor_of_another_tenant_or_an_edited_one_is_refused(
    as_sam: PanelClient, sign_in: SignIn, other_tenant: Tenant
) -> None:
    rows.insert(rows.mixed(30))
    cursor = as_sam.get(HERE, query_string={"limit": 10}).json["next_cursor"]
    with tenancy.as_tenant(other_tenant.id):
        rows.insert(rows.mixed(30))
        olga = make_staff("olga@tern.example", "Olga", Role.ADMIN)
    as_olga = sign_in(olga, host="portal.tern.example")

    assert as_sam.get(HERE, query_string={"limit": 10, "cursor": cursor}).status_code == 200
    assert as_sam.get(HERE, query_string={"cursor": "A" + cursor[1:]}).status_code == 400
    assert as_olga.get(HERE, query_string={"cursor": cursor}).status_code == 400


def test_the_export_is_the_file_of_the_page(as_sam: PanelClient, tenant: Tenant) -> None:
    rows.insert(rows.mixed(40))

    answer = as_sam.post(f"{HERE}/export?as=json&action=USER_LOGIN", json=None, headers=as_sam_token(as_sam))

    found = json.loads(answer.text)
    assert found["complete"] is True
    assert {row["action"] for row in found["rows"]} == {"USER_LOGIN"}
    assert len(listed(as_sam, action="DATA_EXPORTED")) == 1


def as_sam_token(client: PanelClient) -> dict[str, str]:
    return {"X-CSRF-Token": client.form_token()}


def test_it_stands_in_the_description(panel_app: Flask) -> None:
    paths = openapi.build(panel_app)["paths"]
    assert {"/api/admin/audit", "/api/admin/audit/{log_id}", "/api/admin/audit/export"} <= set(paths)
    assert {one["name"] for one in paths["/api/admin/audit"]["get"]["parameters"]} >= {"from", "to", "q", "cursor"}
