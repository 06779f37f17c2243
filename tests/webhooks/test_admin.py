"""Staff look after endpoints, and see what became of each delivery."""

import csv
import io
import re

import pytest
import sqlalchemy as sa

from app.features.audit.models import AuditLog
from app.features.tenants import service as tenants
from app.features.tenants.models import Tenant
from app.features.webhooks import service, topics
from app.features.webhooks.models import Webhook, WebhookDelivery
from app.kernel import db, tenancy
from app.kernel.access import Role
from tests.support.cast import SignIn, make_staff
from tests.support.clients import PanelClient
from tests.support.counting import Queries
from tests.support.receiver import Receiver
from tests.webhooks.factories import deliver_due, make_webhook, read, read_webhook, tell

HERE = "/admin/integrations/webhooks"
FORM = {"name": "Site", "url": "https://site.example/hook", "reach": "all", "retry_enabled": "y"}


def only_webhook() -> Webhook:
    return db.session().scalars(sa.select(Webhook)).one()


def actions() -> list[str]:
    return list(db.session().scalars(sa.select(AuditLog.action).where(AuditLog.resource_type == "webhook")))


def test_staff_make_an_endpoint_and_see_its_secret_once(as_sam: PanelClient) -> None:
    made = as_sam.post(HERE, data={**FORM, "headers": "Authorization: Bearer marked-word\nX-Shop: 7"})

    assert made.status_code == 201
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", made.text)[0]  # type: ignore[index]
    webhook = only_webhook()
    assert service.secrets_of(webhook) == [secret]
    assert service.headers_of(webhook) == {"authorization": "Bearer marked-word", "x-shop": "7"}
    shown = as_sam.get(f"{HERE}/{webhook.id}").text
    edited = as_sam.get(f"{HERE}/{webhook.id}/edit").text
    assert "authorization, x-shop (values kept secret)" in shown
    assert secret not in shown + edited
    assert "marked-word" not in shown + edited
    assert actions() == ["WEBHOOK_CREATED"]
    assert "marked-word" not in str(db.session().scalars(sa.select(AuditLog.state_after)).all())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"url": "http://site.example/"}, "The address must begin with https://."),
        ({"url": "https://[::1]/"}, "This is not a public address."),
        ({"headers": "no colon"}, "Write each header as Name: value, one a line."),
        ({"headers": "Content-Length: 5"}, "The header content-length is set by the panel."),
        ({"reach": "some"}, "Tick at least one event, or choose everything."),
        ({"name": " "}, "A name has 1 to 100 plain characters."),
    ],
)
def test_a_wrong_field_is_named_where_it_stands_and_what_was_typed_stays(
    as_sam: PanelClient, wrong: dict[str, str], said: str
) -> None:
    answer = as_sam.post(HERE, data={**FORM, **wrong})

    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Site"' in answer.text or "name" in wrong
    assert db.session().query(Webhook).count() == 0


def test_changing_keeps_own_headers_unless_others_are_written(as_sam: PanelClient, tenant: Tenant) -> None:
    webhook, _secret = make_webhook(headers={"x-shop": "7"})
    address = f"{HERE}/{webhook.id}"

    first = as_sam.post(address, data={**FORM, "reach": "some", "events": ["invoice.paid"], "name": "Books"})
    kept = service.headers_of(read_webhook(webhook))
    as_sam.post(address, data={**FORM, "headers": "X-Other: 1"})
    replaced = service.headers_of(read_webhook(webhook))
    as_sam.post(address, data={**FORM, "drop_headers": "y"})

    assert first.location == address
    assert (kept, replaced) == ({"x-shop": "7"}, {"x-other": "1"})
    assert service.headers_of(read_webhook(webhook)) == {}
    assert read_webhook(webhook).events == []


def test_headers_that_are_kept_go_to_no_other_host(as_sam: PanelClient, tenant: Tenant) -> None:
    webhook, _secret = make_webhook(headers={"authorization": "Bearer marked-word"})
    address, elsewhere = f"{HERE}/{webhook.id}", {**FORM, "url": "https://site.example:8443/hook"}

    refused = as_sam.post(address, data=elsewhere)
    stays = read_webhook(webhook).url
    as_sam.post(address, data={**FORM, "url": "https://site.example/other"})
    path_moved = service.headers_of(read_webhook(webhook))
    as_sam.post(address, data={**elsewhere, "headers": "Authorization: Bearer new-word"})
    written_again = service.headers_of(read_webhook(webhook))
    as_sam.post(address, data={**FORM, "url": "https://else.example/", "drop_headers": "y"})

    assert refused.status_code == 422
    assert "were meant for another host" in refused.text
    assert stays == "https://site.example/hook"
    assert path_moved == {"authorization": "Bearer marked-word"}
    assert written_again == {"authorization": "Bearer new-word"}
    assert (read_webhook(webhook).url, service.headers_of(read_webhook(webhook))) == ("https://else.example/", {})


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_that_no_calendar_reaches_are_refused(as_sam: PanelClient, tenant: Tenant, day: str) -> None:
    webhook, _secret = make_webhook()
    tenants.change(time_zone="Asia/Tokyo")

    assert as_sam.post(f"{HERE}/{webhook.id}/replays", data={"since": day}).status_code == 422


def test_switching_off_and_on_and_deleting(as_sam: PanelClient, tenant: Tenant) -> None:
    webhook, _secret = make_webhook()
    address = f"{HERE}/{webhook.id}"

    as_sam.post(f"{address}/deactivation")
    off = (read_webhook(webhook).disabled_reason, tell(), as_sam.get(address).text)
    as_sam.post(f"{address}/activation")
    on = (read_webhook(webhook).is_on, len(tell()))
    gone = as_sam.post(f"{address}/deletion")

    assert off[:2] == ("by_hand", [])
    assert "Somebody switched it off." in off[2]
    assert on == (True, 1)
    assert gone.location == HERE
    assert as_sam.get(address).status_code == 404
    assert actions() == ["WEBHOOK_CREATED", "WEBHOOK_DISABLED", "WEBHOOK_ENABLED", "WEBHOOK_DELETED"]


def test_a_new_secret_is_shown_once_and_both_sign_for_a_day(
    as_sam: PanelClient, tenant: Tenant, receiver: Receiver
) -> None:
    webhook, old = make_webhook(receiver.url)

    shown = as_sam.post(f"{HERE}/{webhook.id}/secret").text
    new = re.search(r"whsec_[A-Za-z0-9+/=]+", shown)[0]  # type: ignore[index]
    tell()
    deliver_due()

    (told,) = receiver.told
    told.verify(new)
    assert len(told.headers["webhook-signature"].split()) == 2
    assert new != old
    assert "Two valid until" in as_sam.get(f"{HERE}/{webhook.id}").text


def test_a_test_tells_the_documented_example(as_sam: PanelClient, tenant: Tenant, receiver: Receiver) -> None:
    webhook, receiver.secret = make_webhook(receiver.url, events=["invoice.paid"])

    answer = as_sam.post(f"{HERE}/{webhook.id}/tests", data={"event": "customer.created"})
    deliver_due()

    assert answer.location == f"{HERE}/{webhook.id}"
    (told,) = receiver.told
    assert (told.event, told.data["email"]) == ("customer.created", "customer@example.com")
    assert told.headers["x-mpanel-test"] == "true"
    assert receiver.unverified == []


def test_a_forged_event_and_a_flood_of_tests_are_refused(as_sam: PanelClient, tenant: Tenant) -> None:
    webhook, _secret = make_webhook()
    address = f"{HERE}/{webhook.id}/tests"

    forged = [
        as_sam.post(address, data={"event": name}).status_code for name in ("shop.robbed", "password.changed", "")
    ]
    flood = [as_sam.post(address, data={"event": "invoice.paid"}).status_code for _ in range(8)]

    assert forged == [422, 422, 422]
    assert flood == [303] * 7 + [429]
    assert db.session().query(WebhookDelivery).count() == 7


def test_a_delivery_shows_what_was_sent_and_said_as_words_and_no_secret(
    as_sam: PanelClient, tenant: Tenant, receiver: Receiver
) -> None:
    receiver.behave(lambda _told: (418, {"X-Say": "<b>tea</b>", "Set-Cookie": "a=b"}, b"<script>alert(1)</script>\0"))
    _webhook, secret = make_webhook(receiver.url, headers={"authorization": "Bearer marked-word"})
    (delivery,) = tell()
    deliver_due()

    text = as_sam.get(f"{HERE}/deliveries/{delivery.id}").text

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>alert" not in text
    assert "&lt;b&gt;tea&lt;/b&gt;" in text
    assert "Answered 418" in text
    assert "Next try" in text
    assert delivery.message_id in text
    assert "marked-word" not in text
    assert secret not in text
    assert read(delivery).request_headers["authorization"] == "[kept secret]"


def test_replaying_one_sends_the_same_words_under_the_same_id(
    as_sam: PanelClient, tenant: Tenant, receiver: Receiver
) -> None:
    make_webhook(receiver.url)
    (delivery,) = tell()
    deliver_due()

    again = as_sam.post(f"{HERE}/deliveries/{delivery.id}/replay")
    twice = as_sam.post(f"{HERE}/deliveries/{delivery.id}/replay")
    waiting = as_sam.get(f"{HERE}/deliveries/{delivery.id}").text
    deliver_due()

    assert again.status_code == 303
    assert twice.status_code == 409
    first, second = receiver.told
    assert (first.id, first.body) == (second.id, second.body)
    settled = as_sam.get(f"{HERE}/deliveries/{delivery.id}").text
    moments = [said.partition("Settled")[2].partition("</dd>")[0] for said in (waiting, settled)]
    assert ["UTC" in moment for moment in moments] == [False, True]
    assert "Attempt 2" in settled


def test_replaying_what_failed_since_a_day(as_sam: PanelClient, tenant: Tenant, receiver: Receiver) -> None:
    webhook, _secret = make_webhook(receiver.url, retry_enabled=False)
    receiver.behave(500)
    old, new = tell(2)
    old.created_at = old.created_at.replace(day=1)
    db.session().flush()
    deliver_due()
    receiver.behave(204)

    as_sam.post(f"{HERE}/{webhook.id}/replays", data={"since": "2026-11-19"})
    deliver_due()

    assert (read(old).state, read(new).state) == ("dead", "done")
    assert as_sam.post(f"{HERE}/{webhook.id}/replays", data={"since": "2026-02-30"}).status_code == 422


def test_the_list_filters_and_exports_what_it_shows(as_sam: PanelClient, tenant: Tenant, receiver: Receiver) -> None:
    receiver.behave(lambda told: 500 if told.path == "/bad" else 204)
    bad, _secret = make_webhook(f"{receiver.url}/bad", name="=cmd()", retry_enabled=False)
    make_webhook(f"{receiver.url}/good", name="Good")
    tell(2)
    deliver_due()

    failed = as_sam.get(f"{HERE}/deliveries?state=failed").text
    one = as_sam.get(f"{HERE}/deliveries?endpoint={bad.id}&event=customer.updated&from=2026-11-20&to=2026-11-20").text
    none = as_sam.get(f"{HERE}/deliveries?event=invoice.paid").text
    file = as_sam.post(f"{HERE}/deliveries/export", data={"as": "csv", "state": "failed"})
    rows = list(csv.reader(io.StringIO(file.get_data(as_text=True).removeprefix("\ufeff"))))

    assert "2 of 2 deliveries" in failed
    assert ">Good<" not in failed.split("<tbody>")[1]
    assert "2 of 2 deliveries" in one
    assert "Nothing matches" in none
    assert [row[3] for row in rows[1:]] == ["'=cmd()", "'=cmd()"]
    assert {row[4] for row in rows[1:]} == {"dead"}
    book = as_sam.post(f"{HERE}/deliveries/export", data={"as": "xlsx"})
    assert book.get_data()[:2] == b"PK"


def test_every_event_on_offer_is_explained_with_its_example(as_sam: PanelClient) -> None:
    text = as_sam.get(f"{HERE}/events").text

    for name in topics.offered():
        assert f">{name}</span>" in text
    assert "marketingSource" in text
    assert "password.changed" not in text
    assert "service.stuck" not in text


@pytest.mark.parametrize(
    "path", ["", "/new", "/events", "/deliveries", "/{webhook}", "/{webhook}/edit", "/deliveries/{delivery}"]
)
def test_every_page_asks_the_store_seldom(as_sam: PanelClient, tenant: Tenant, queries: Queries, path: str) -> None:
    for number in range(30):
        make_webhook(name=f"Site {number}")
    delivery = tell()[0]
    address = HERE + path.format(webhook=delivery.webhook_id, delivery=delivery.id)

    with queries(max=15):
        answer = as_sam.get(address)

    assert answer.status_code == 200


def test_empty_lists_say_what_to_do_first(as_sam: PanelClient) -> None:
    assert "Make the first endpoint" in as_sam.get(HERE).text
    assert "Nothing was told yet" in as_sam.get(f"{HERE}/deliveries").text


def test_a_stranger_and_staff_below_admin_stay_outside(
    as_alice: PanelClient, client: PanelClient, sign_in: SignIn, tenant: Tenant
) -> None:
    webhook, _secret = make_webhook()
    biller = sign_in(make_staff("bill@harbourline.example", "Bill", Role.BILLING))

    for path in (HERE, f"{HERE}/new", f"{HERE}/{webhook.id}", f"{HERE}/deliveries"):
        assert client.get(path).status_code == 303
        assert as_alice.get(path).status_code == 403
        assert biller.get(path).status_code == 403
    assert biller.post(f"{HERE}/{webhook.id}/secret").status_code == 403


def test_another_tenants_endpoint_and_delivery_are_not_there(
    as_sam: PanelClient, tenant: Tenant, other_tenant: Tenant
) -> None:
    with tenancy.as_tenant(other_tenant.id):
        theirs, _secret = make_webhook()
        delivery = tell()[0]
        db.session().flush()
        ids = theirs.id, delivery.id

    assert as_sam.get(f"{HERE}/{ids[0]}").status_code == 404
    assert as_sam.post(f"{HERE}/deliveries/{ids[1]}/replay").status_code == 404
    assert as_sam.post(f"{HERE}/{ids[0]}/tests", data={"event": "invoice.paid"}).status_code == 404
