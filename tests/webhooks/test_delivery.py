"""What becomes of an event between the change that made it and the receiver (R-10 to R-13, case 120)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import standardwebhooks
import time_machine

from app.features.accounts import service as accounts
from app.features.accounts.events import PasswordLinkRequested
from app.features.accounts.models import User
from app.features.messages import rendering
from app.features.messages.models import EmailMessage
from app.features.tenants.models import Tenant
from app.features.webhooks import deliveries, service, tasks, topics
from app.features.webhooks.models import WebhookDelivery
from app.features.webhooks.tasks import MOST_ATTEMPTS, PAUSES
from app.kernel import clock, db, outbox, tenancy
from app.kernel.access import Actor, acting
from app.kernel.events import REGISTRY, publish
from app.kernel.outbound import Answer
from tests.support.cast import principal_of
from tests.support.receiver import Receiver
from tests.webhooks.factories import deliver_due, make_webhook, read, read_webhook, tell


def mails() -> list[EmailMessage]:
    return list(db.session().scalars(sa.select(EmailMessage).where(EmailMessage.template == "webhook_disabled")))


def test_an_event_arrives_signed_and_is_done(receiver: Receiver, tenant: Tenant) -> None:
    _webhook, receiver.secret = make_webhook(receiver.url)
    (delivery,) = tell()

    deliver_due()

    (told,) = receiver.told
    assert receiver.unverified == []
    assert set(told.json) == {"event", "timestamp", "data"}
    assert told.event == "customer.updated"
    assert told.json["timestamp"] == "2026-11-20T13:22:00+00:00"
    assert set(told.data) == {"customerId", "changed"}
    done = read(delivery)
    assert (done.state, done.attempts, done.response_status, done.settled_at) == ("done", 1, 204, clock.now())


@pytest.mark.both_stores
def test_each_endpoint_that_asked_is_told_once_under_one_id(receiver: Receiver, tenant: Tenant) -> None:
    make_webhook(f"{receiver.url}/all")
    make_webhook(f"{receiver.url}/some", events=["customer.updated", "invoice.paid"])
    make_webhook(f"{receiver.url}/others", events=["invoice.paid"])
    off, _secret = make_webhook(f"{receiver.url}/off")
    service.switch_off(off.id, reason="by_hand")
    gone, _secret = make_webhook(f"{receiver.url}/gone")
    service.delete(gone)

    made = tell()
    deliver_due()

    assert sorted(told.path for told in receiver.of("customer.updated")) == ["/all", "/some"]
    assert len({told.id for told in receiver.of("customer.updated")}) == 1
    assert {delivery.event for delivery in made} == {"customer.updated"}


def test_words_of_every_language_are_signed_as_they_are_sent(receiver: Receiver, tenant: Tenant) -> None:
    webhook, receiver.secret = make_webhook(receiver.url)
    deliveries._want([webhook.id], "customer.updated", {"name": "Žofia 東京 🚀 \u2028</script>", "n": 1})

    deliver_due()

    assert receiver.unverified == []
    assert receiver.told[0].data["name"] == "Žofia 東京 🚀 \u2028</script>"


def test_nobody_is_told_what_another_tenant_does(receiver: Receiver, tenant: Tenant, other_tenant: Tenant) -> None:
    make_webhook(f"{receiver.url}/ours")
    db.session().flush()
    with tenancy.as_tenant(other_tenant.id):
        make_webhook(f"{receiver.url}/theirs")
        tell()
        db.session().flush()

    deliver_due()

    assert [told.path for told in receiver.told] == ["/theirs"]


def test_what_was_rolled_back_is_told_to_nobody(receiver: Receiver, tenant: Tenant) -> None:
    make_webhook(receiver.url)

    savepoint = db.session().begin_nested()
    tell()
    savepoint.rollback()
    deliver_due()

    assert receiver.told == []


def test_events_for_the_house_alone_stay_inside_and_none_shows_a_secret(tenant: Tenant, alice: User) -> None:
    make_webhook()

    link = accounts.start_password_link(alice, "reset")
    db.session().flush()
    publish(PasswordLinkRequested(alice.id, link.id))
    tell()

    told = db.session().scalars(sa.select(WebhookDelivery)).all()
    assert {row.event for row in told} == {"customer.updated"}
    assert not topics.is_public("password.reset_requested")
    assert all(accounts.link_token(link) not in row.body for row in told)
    words = {key.lower() for event in REGISTRY.values() for key in event.example}
    assert not [word for word in words if any(bad in word for bad in ("password", "token", "secret", "hash"))]


# --- the schedule ---


def test_a_failing_delivery_is_tried_on_schedule_then_given_up(
    receiver: Receiver, tenant: Tenant, now: time_machine.Traveller
) -> None:
    receiver.behave(500)
    _webhook, receiver.secret = make_webhook(receiver.url)
    (delivery,) = tell()
    pauses = []
    for _ in PAUSES:
        assert deliver_due() == 1
        receiver.told[-1].verify(receiver.secret)
        assert deliver_due() == 0, "nothing goes out before its time"
        pauses.append((read(delivery).next_at - clock.now()).total_seconds())
        now.shift(pauses[-1])

    assert deliver_due() == 1

    for pause, planned in zip(pauses, (1, 2, 5, 10, 30, 300, 1800, 7200, 18000, 36000, 86400), strict=True):
        assert planned * 0.8 <= pause <= planned * 1.2
    last = read(delivery)
    assert (last.state, last.attempts, last.last_error) == ("dead", MOST_ATTEMPTS, "It answered 500.")
    assert len(last.attempt_log) == MOST_ATTEMPTS
    assert len({(told.id, told.body) for told in receiver.told}) == 1
    stamps = [int(told.headers["webhook-timestamp"]) for told in receiver.told]
    assert stamps[-1] - stamps[0] == pytest.approx(sum(pauses), abs=2), "each attempt is signed at its own moment"


def test_one_that_wants_no_retries_gets_none(receiver: Receiver, tenant: Tenant) -> None:
    receiver.behave(500)
    make_webhook(receiver.url, retry_enabled=False)
    (delivery,) = tell()

    deliver_due()

    assert (read(delivery).state, read(delivery).attempts) == ("dead", 1)


@pytest.mark.both_stores
def test_an_endpoint_that_only_failed_for_five_days_is_switched_off_and_its_maker_told_once(
    receiver: Receiver, tenant: Tenant, sam: User, olive: User, now: time_machine.Traveller
) -> None:
    receiver.behave(500)
    with acting(Actor(user_id=sam.id)):
        webhook, _secret = make_webhook(receiver.url, retry_enabled=False)
    for _day in range(5):
        tell()
        deliver_due()
        now.shift(86_400 - 1)
    on_before = read_webhook(webhook).is_on
    now.shift(60)
    tell(2)

    deliver_due()

    off = read_webhook(webhook)
    assert on_before
    assert (off.disabled_reason, off.disabled_at) == ("failing", clock.now())
    assert [mail.to_address for mail in mails()] == ["sam@harbourline.example"]
    assert tell() == []
    draft = rendering.draw(mails()[0])
    assert draft.subject == "The webhook Site was switched off"
    assert f"/admin/integrations/webhooks/{webhook.id}" in draft.text
    assert "20 Nov 2026" in draft.text


def test_a_single_success_restarts_the_count(receiver: Receiver, tenant: Tenant, now: time_machine.Traveller) -> None:
    webhook, _secret = make_webhook(receiver.url, retry_enabled=False)
    for day in range(12):
        receiver.behave(204 if day % 4 == 3 else 500)
        tell()
        deliver_due()
        now.shift(86_400)

    assert read_webhook(webhook).is_on
    assert mails() == []


def test_the_owners_of_the_house_are_told_where_a_key_made_it(receiver: Receiver, olive: User, sam: User) -> None:
    receiver.behave(410)
    webhook, _secret = make_webhook(receiver.url)
    tell(2)

    deliver_due()

    assert [mail.to_address for mail in mails()] == ["olive@harbourline.example"]
    assert read_webhook(webhook).disabled_reason == "gone"
    assert len(receiver.told) == 1, "what waited for it is not sent either"


def test_switching_off_is_told_to_the_other_endpoints(receiver: Receiver, tenant: Tenant) -> None:
    bad, _secret = make_webhook(f"{receiver.url}/status/410", events=["customer.updated"], name="Old shop")
    make_webhook(f"{receiver.url}/watch", events=["webhook.disabled"])
    tell()

    deliver_due()

    (told,) = receiver.of("webhook.disabled")
    assert told.data == {"webhookId": str(bad.id), "label": "Old shop", "reason": "gone"}


# --- the receiver's words ---


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("said", ["120", "Fri, 20 Nov 2026 13:24:00 GMT"])
def test_retry_after_is_obeyed(receiver: Receiver, tenant: Tenant, status: int, said: str) -> None:
    receiver.behave(lambda _told: (status, {"Retry-After": said}))
    make_webhook(receiver.url)
    (delivery,) = tell()

    deliver_due()

    wait = (read(delivery).next_at - clock.now()).total_seconds()
    assert 120 <= wait <= 144


@pytest.mark.parametrize(
    ("status", "said", "most"),
    [
        (500, "120", 2),
        (429, "", 2),
        (429, "-5", 2),
        (429, "soon", 2),
        (429, "9" * 50, 100_000),
        (503, "Fri, 20 Nov 1970", 2),
    ],
)
def test_what_retry_after_cannot_mean_changes_little(status: int, said: str, most: float) -> None:
    pause = tasks.pause_after(1, Answer(status=status, headers=(("retry-after", said),)))

    assert 0.8 <= pause <= most


def test_a_redirect_is_a_failure(receiver: Receiver, tenant: Tenant, canary: object) -> None:
    make_webhook(f"{receiver.url}/redirect")
    (delivery,) = tell()

    deliver_due()

    assert (read(delivery).state, read(delivery).response_status) == ("waiting", 302)


def test_one_that_became_private_since_it_was_made_fails_without_a_visit_and_is_switched_off_in_the_end(
    receiver: Receiver, tenant: Tenant, olive: User, canary: Any
) -> None:
    webhook, _secret = make_webhook("https://site.example/")
    webhook.url = f"http://127.0.0.1:{canary.port}/"
    db.session().flush()
    (delivery,) = tell()

    deliver_due()

    assert (read(delivery).state, read(delivery).last_error) == ("waiting", "The address must begin with https://.")
    service.switch_off(webhook.id, reason="failing")
    assert "127.0.0.1" in rendering.draw(mails()[0]).text


# --- rotation ---


def test_both_secrets_hold_for_a_day_and_then_the_new_one_alone(
    receiver: Receiver, tenant: Tenant, now: time_machine.Traveller
) -> None:
    webhook, old = make_webhook(receiver.url)
    new = service.rotate_secret(webhook)
    moments = [timedelta(0), timedelta(hours=23, minutes=59), timedelta(hours=24, seconds=1)]
    for moment in moments:
        now.move_to(datetime(2026, 11, 20, 13, 22, tzinfo=UTC) + moment)
        tell()
        deliver_due()
        told = receiver.told[-1]
        told.verify(new)
        if moment < timedelta(hours=24):
            standardwebhooks.Webhook(old).verify(told.body, told.headers)
        else:
            with pytest.raises(standardwebhooks.WebhookVerificationError):
                standardwebhooks.Webhook(old).verify(told.body, told.headers)


# --- what is kept ---


def test_of_an_answer_64_kib_are_kept_and_can_be_stored(receiver: Receiver, tenant: Tenant) -> None:
    receiver.behave(lambda _told: (200, {}, b"\0\xff" * 200_000))
    make_webhook(receiver.url)
    (delivery,) = tell()

    deliver_due()

    kept = read(delivery)
    assert (kept.state, kept.is_cut) == ("done", True)
    assert len(kept.response_body or "") == 64 * 1024
    assert "\0" not in (kept.response_body or "")


def test_what_is_old_is_forgotten_and_what_waits_is_not(tenant: Tenant, now: time_machine.Traveller) -> None:
    make_webhook()
    done, dead, waiting = tell(3)
    done.state, dead.state = "done", "dead"
    db.session().flush()
    now.shift(31 * 86_400)
    fresh = tell()[0]

    tasks.tidy()

    left = set(db.session().scalars(sa.select(WebhookDelivery.id)))
    assert left == {waiting.id, fresh.id}


def test_a_lost_lease_writes_nothing(receiver: Receiver, tenant: Tenant, now: time_machine.Traveller) -> None:
    make_webhook(receiver.url)
    (delivery,) = tell()
    (slow,) = outbox.claim(WebhookDelivery, limit=1, lease_seconds=5)
    now.shift(6)
    deliver_due()

    tasks.attempt(slow)

    assert (read(delivery).state, read(delivery).attempts, len(read(delivery).attempt_log)) == ("done", 2, 1)


def test_health_counts(receiver: Receiver, tenant: Tenant, sam: User) -> None:
    receiver.behave(lambda told: 500)
    make_webhook(f"{receiver.url}/a", retry_enabled=False, events=["customer.updated"])
    make_webhook(f"{receiver.url}/b", events=["customer.updated"])
    off, _secret = make_webhook()
    service.switch_off(off.id, reason="by_hand")
    tell()
    deliver_due()

    found = deliveries.health()

    assert (found.endpoints, found.disabled, found.failed_day, found.waiting) == (3, 1, 1, 1)
    assert found.oldest == clock.now()
    assert service.find(principal_of(sam), off.id).disabled_reason == "by_hand"
