"""Subscribing to events with a key."""

import pytest
import sqlalchemy as sa
import standardwebhooks

from app.features.api_keys import service as api_keys
from app.features.tenants.models import Tenant
from app.features.webhooks import service
from app.features.webhooks.models import Webhook, WebhookDelivery
from app.kernel import db, tenancy
from tests.support.cast import OTHER_HOST, keyed
from tests.support.clients import PanelClient, open_client
from tests.support.receiver import Receiver
from tests.webhooks.factories import deliver_due, make_webhook, read_webhook, tell

REGISTER, LIST = "/api/marketing-api/webhooks/register", "/api/marketing-api/webhooks"
SITE = {"url": "https://site.example/hook", "events": ["customer.created", "customer.updated"]}


def key_with(*scopes: str) -> str:
    return api_keys.create("site", scopes=scopes)[1]


@pytest.mark.both_stores
def test_a_program_subscribes_and_is_told_under_the_secret_it_saw_once(
    client: PanelClient, tenant: Tenant, receiver: Receiver
) -> None:
    key = key_with("webhook")
    body = {**SITE, "url": f"{receiver.url}/hook", "name": "Site", "headers": {"X-Shop": "7"}, "retryEnabled": False}

    made = client.post(REGISTER, json=body, **keyed(key))

    assert made.status_code == 201, made.text
    data = made.json["data"]
    assert made.json["success"] is True
    assert (data["name"], data["events"], data["headers"]) == ("Site", SITE["events"], ["x-shop"])
    assert (data["enabled"], data["retryEnabled"]) == (True, False)
    assert data["secret"].startswith("whsec_")
    assert data["secret"] not in client.get(LIST, **keyed(key)).text
    tell()
    deliver_due()
    (told,) = receiver.told
    told.verify(data["secret"])
    assert told.headers["x-shop"] == "7"


def test_listing_and_deleting(client: PanelClient, tenant: Tenant) -> None:
    key = key_with("webhook")
    made = client.post(REGISTER, json=SITE, **keyed(key)).json["data"]

    listed = client.get(LIST, **keyed(key)).json["data"]
    gone = client.delete(f"{LIST}/{made['id']}", **keyed(key))

    assert [item["id"] for item in listed["items"]] == [made["id"]]
    assert listed["items"][0]["name"] == "site.example"
    assert gone.json == {"success": True, "data": {"id": made["id"], "deleted": True}}
    assert client.get(LIST, **keyed(key)).json["data"]["items"] == []
    assert client.delete(f"{LIST}/{made['id']}", **keyed(key)).status_code == 404
    assert tell() == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "http://site.example/hook"}, "url"),
        ({"url": "https://127.0.0.1/hook"}, "url"),
        ({"url": "https://2130706433/hook"}, "url"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "url"),
        ({"url": "https://user:word@site.example/"}, "url"),
        ({"url": "https://site.example:22/"}, "url"),
        ({"url": "https://[::1"}, "url"),
        ({"url": ""}, "url"),
        ({"events": ["customer.exploded"]}, "events"),
        ({"events": []}, "events"),
        ({"events": ["password.changed"]}, "events"),
        ({"headers": {"Host": "elsewhere"}}, "headers"),
        ({"headers": {"webhook-signature": "v1,x"}}, "headers"),
        ({"headers": {"X-A": "a\r\nX-B: b"}}, "headers"),
        ({"name": ""}, "name"),
        ({"retryEnabled": "yes"}, "retryEnabled"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name_and_nothing_is_kept(
    client: PanelClient, tenant: Tenant, wrong: dict[str, object], field: str
) -> None:
    answer = client.post(REGISTER, json={**SITE, **wrong}, **keyed(key_with("webhook")))

    assert answer.status_code == 422
    assert field in answer.json["errors"][0]["field"]
    assert db.session().query(Webhook).count() == 0


def test_a_stranger_without_the_scope_is_refused(client: PanelClient, as_sam: PanelClient) -> None:
    assert client.post(REGISTER, json=SITE, csrf=False).status_code == 401
    assert client.post(REGISTER, json=SITE, **keyed(key_with("marketing"))).status_code == 403
    assert as_sam.get(LIST).status_code == 401


def test_an_endpoint_of_another_tenant_is_not_there(
    client: PanelClient, panel_app: object, tenant: Tenant, other_tenant: Tenant
) -> None:
    with tenancy.as_tenant(other_tenant.id):
        theirs, _secret = make_webhook()
        foreign_key = key_with("webhook")

    assert client.delete(f"{LIST}/{theirs.id}", **keyed(key_with("webhook"))).status_code == 404
    there = open_client(panel_app, host=OTHER_HOST, tenant_id=other_tenant.id)  # type: ignore[arg-type]
    assert there.get(LIST, **keyed(foreign_key)).status_code == 200


def test_a_key_without_the_scope_admin_is_not_told_what_concerns_the_staff(client: PanelClient, tenant: Tenant) -> None:
    refused = client.post(REGISTER, json={**SITE, "events": ["user.login"]}, **keyed(key_with("webhook")))
    everything = client.post(REGISTER, json={**SITE, "events": ["*"]}, **keyed(key_with("webhook")))

    assert refused.json["code"] == "unknown_event"
    assert everything.json["data"]["events"] == ["*"]
    api_keys.create("one more")
    tell()
    told = db.session().scalars(sa.select(WebhookDelivery.event)).all()
    assert told == ["customer.updated"]


def test_a_key_sees_and_deletes_only_what_keys_like_it_made(client: PanelClient, tenant: Tenant) -> None:
    ours, _secret = make_webhook(name="Staff's own")

    assert client.get(LIST, **keyed(key_with("webhook"))).json["data"]["items"] == []
    assert client.delete(f"{LIST}/{ours.id}", **keyed(key_with("webhook"))).status_code == 404
    both = key_with("webhook", "admin")
    assert [item["name"] for item in client.get(LIST, **keyed(both)).json["data"]["items"]] == ["Staff's own"]


def test_ten_a_minute(client: PanelClient, tenant: Tenant) -> None:
    key = key_with("webhook")

    answers = [client.post(REGISTER, json=SITE, **keyed(key)).status_code for _ in range(11)]

    assert answers == [201] * 10 + [429]


def test_the_same_idempotency_key_makes_one_endpoint_with_one_secret(client: PanelClient, tenant: Tenant) -> None:
    again = {"headers": {"X-API-Key": key_with("webhook"), "Idempotency-Key": "one"}, "csrf": False}

    first, second = (client.post(REGISTER, json=SITE, **again) for _ in range(2))

    assert first.json == second.json
    assert db.session().query(Webhook).count() == 1


def test_a_deleted_endpoint_keeps_no_secret(tenant: Tenant) -> None:
    webhook, secret = make_webhook(headers={"authorization": "Bearer marked"})
    service.delete(webhook)
    db.session().flush()

    gone = read_webhook(webhook)

    assert (gone.secret_sealed, gone.headers_sealed) == (b"", None)
    with pytest.raises((ValueError, standardwebhooks.WebhookVerificationError)):
        service.secrets_of(gone)
    assert secret.startswith("whsec_")
