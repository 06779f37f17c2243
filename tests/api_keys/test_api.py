"""`/api/marketing-api/admin/api-keys`: staff by their login, and nobody else."""

import pytest
import sqlalchemy as sa

from app.features.api_keys import service
from app.features.api_keys.models import ApiKey
from app.kernel import db, tenancy
from app.kernel.access import Role
from tests.api_keys.factories import make_key
from tests.support.cast import HOST, keyed, make_staff

HERE = "/api/marketing-api/admin/api-keys"


def count() -> int:
    return db.session().scalar(sa.select(sa.func.count(ApiKey.id))) or 0


def test_staff_make_a_key_that_is_seen_once_and_works(as_sam):
    answer = as_sam.post(HERE, json={"name": "Site", "scopes": ["marketing"], "expiresIn": 30})

    assert answer.status_code == 201
    made = answer.json["data"]
    assert set(made) == {
        "id",
        "name",
        "key",
        "prefix",
        "scopes",
        "hourlyLimit",
        "payments",
        "createdAt",
        "expiresAt",
        "revokedAt",
        "lastUsedAt",
    }
    assert service.resolve(made["key"]) is not None
    listed = as_sam.get(HERE)
    assert [key["id"] for key in listed.json["data"]["items"]] == [made["id"]]
    assert made["key"] not in listed.text
    assert listed.headers["Cache-Control"] == "no-store"


def test_a_repeated_idempotency_key_makes_no_second_key(as_sam):
    first, second = (as_sam.post(HERE, json={"name": "Site"}, headers={"Idempotency-Key": "k"}) for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    assert count() == 1


def test_revoking_shuts_the_key_out_with_the_next_call(as_sam, client):
    key, secret = make_key()
    assert client.get("/api/marketing-api/status/system", headers={"X-API-Key": secret}).status_code == 200

    answer = as_sam.delete(f"{HERE}/{key.id}")

    assert answer.status_code == 200
    assert answer.json["data"]["revokedAt"] is not None
    assert client.get("/api/marketing-api/status/system", headers={"X-API-Key": secret}).status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "name"), ({"name": 1}, "name"), ({"name": ""}, "name"), ({"name": "x" * 101}, "name"),
     ({"name": "a", "scopes": []}, "scopes"), ({"name": "a", "scopes": ["root"]}, "scopes.0"),
     ({"name": "a", "scopes": "marketing"}, "scopes"), ({"name": "a", "expiresIn": "30"}, "expiresIn"),
     ({"name": "a", "expiresIn": 0}, "expiresIn"), ({"name": "a", "payments": "paid"}, "payments"),
     ({"name": "a", "key": "mk_mine"}, "key"), ({"name": "a", "hourlyLimit": 10**9}, "hourlyLimit"),
     ({"name": "a", "tenant_id": "x"}, "tenant_id"), ({"name": "a", "kind": "api"}, "kind")],
)  # fmt: skip
def test_a_wrong_field_is_named_and_nothing_is_made(as_sam, body, field):
    answer = as_sam.post(HERE, json=body)

    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert count() == 0


def test_nobody_and_programs_are_not_signed_in(client):
    key, secret = make_key(scopes=("admin", "marketing", "webhook"))

    assert client.get(HERE).status_code == 401
    assert client.post(HERE, json={"name": "a"}).status_code == 401
    assert client.get(HERE, headers={"X-API-Key": secret}).status_code == 401
    assert client.delete(f"{HERE}/{key.id}", headers={"X-API-Key": secret}).status_code == 401


def test_a_customers_owner_and_lower_staff_are_forbidden(as_alice, sign_in):
    billing = sign_in(make_staff("bill@harbourline.example", "Bill", Role.BILLING))
    key, _secret = make_key()
    for person in (as_alice, billing):
        assert person.get(HERE).status_code == 403
        assert person.post(HERE, json={"name": "a"}).status_code == 403
        assert person.delete(f"{HERE}/{key.id}").status_code == 403
    assert count() == 1


def test_another_tenants_key_is_not_there(as_sam, other_tenant):
    with tenancy.as_tenant(other_tenant.id):
        key, secret = make_key()
        db.session().flush()

    assert as_sam.delete(f"{HERE}/{key.id}").status_code == 404
    assert as_sam.get(HERE).json["data"]["items"] == []
    assert service.resolve(secret) is not None


def test_a_write_by_cookie_bears_the_forms_token(as_sam):
    assert as_sam.post(HERE, json={"name": "a"}, csrf=False).status_code == 403
    assert as_sam.post(HERE, json={"name": "a"}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert count() == 0


def test_pages_of_keys_follow_each_other(as_sam):
    for number in range(3):
        make_key(f"Key {number}")

    first = as_sam.get(f"{HERE}?limit=2").json["data"]
    second = as_sam.get(f"{HERE}?limit=2&cursor={first['next_cursor']}").json["data"]

    assert [key["name"] for key in first["items"] + second["items"]] == ["Key 2", "Key 1", "Key 0"]
    assert as_sam.get(f"{HERE}?cursor={first['next_cursor'][:-1]}").status_code == 400
    assert as_sam.get(f"{HERE}?limit=101").status_code == 422
    assert as_sam.get(f"{HERE}?page=2").status_code == 422


PROBE = "/api/marketing-api/status/system"


def test_a_key_works_on_the_platforms_host_and_its_tenants_own_and_nowhere_else(client, other_tenant):
    _, mine = make_key()
    with tenancy.as_tenant(other_tenant.id):
        _, theirs = make_key()
        db.session().flush()
    there = {"base_url": f"http://{other_tenant.domain}"}

    assert client.get(PROBE, **keyed(mine)).status_code == 200
    assert client.get(PROBE, **keyed(theirs)).status_code == 200
    assert client.get(PROBE, **keyed(theirs), **there).status_code == 200
    assert client.get(PROBE, **keyed(mine), **there).status_code == 401


def test_a_key_elsewhere_than_in_its_header_is_no_key(client):
    _, secret = make_key()

    assert client.get(f"{PROBE}?api_key={secret}").status_code == 401
    assert client.get(PROBE, headers={"Authorization": f"Bearer {secret}"}).status_code == 401
    assert client.get(PROBE, headers=[("X-API-Key", secret), ("X-API-Key", secret)]).status_code == 401
    assert client.get(PROBE, headers={"X-API-Key": secret[:-1]}).status_code == 401


def test_the_wrong_scope_is_403_by_name(client):
    _, secret = make_key(scopes=("admin", "webhook"))

    answer = client.get(PROBE, **keyed(secret))

    assert (answer.status_code, answer.json["code"]) == (403, "wrong_scope")
    assert HOST.partition(":")[0] == client.host.partition(":")[0]


def test_a_key_may_say_that_its_site_collects_payments(as_sam):
    answer = as_sam.post(HERE, json={"name": "Site", "payments": "collected"})

    assert answer.status_code == 201
    assert answer.json["data"]["payments"] == "collected"
    assert as_sam.post(HERE, json={"name": "Site"}).json["data"]["payments"] is None
    assert as_sam.post(HERE, json={"name": "Site", "payments": "all"}).status_code == 422
