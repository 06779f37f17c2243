"""What becomes of a mail between its row and the mail server."""

from datetime import timedelta

import pytest
import time_machine

from app.features.accounts import service as accounts
from app.features.accounts.models import PasswordToken, User
from app.features.messages import envelope, rendering, servers, service, tasks
from app.features.messages.models import EmailMessage
from app.features.messages.rendering import MASK
from app.features.messages.smtp import Line, Outcome, read_url
from app.features.tenants.models import Tenant
from app.kernel import clock, db, outbox, tenancy
from app.kernel.ids import new_id
from tests.messages.factories import make_message, make_reset, read
from tests.support.mail import DROP, LATER, NEVER, MailServer


@pytest.mark.both_stores
def test_a_mail_goes_out_in_two_forms_from_the_brand_with_its_link_on_the_tenants_address(
    smtp: MailServer, alice: User
) -> None:
    message = make_reset(alice)

    tasks.deliver()

    (mail,) = smtp.mails
    assert mail.to == ("alice@acme.example",)
    assert mail.message["From"] == "Harbourline <panel@harbourline.example>"
    assert mail.subject == "Set a new password at Harbourline"
    url = mail.link("/set-password")
    assert url.startswith("http://127.0.0.1:2271/set-password?token=")
    assert url in mail.html
    assert accounts.find_password_link(url.partition("token=")[2]) is not None
    sent = read(message.id)
    assert (sent.state, sent.attempts, sent.sent_at) == ("done", 1, clock.now())


def test_what_is_kept_of_a_sent_mail_does_not_let_anybody_in(smtp: MailServer, alice: User) -> None:
    message = make_reset(alice)

    tasks.deliver()

    token = smtp.mails[0].link("/set-password").partition("token=")[2]
    kept = read(message.id)
    assert MASK in kept.body_text
    assert MASK in kept.body_html
    assert token not in kept.body_text + kept.body_html + repr(kept.attempt_log)


def test_the_links_time_counts_from_its_first_delivery(
    smtp: MailServer, alice: User, now: time_machine.Traveller
) -> None:
    message = make_reset(alice)
    now.shift(50 * 60)

    tasks.deliver()

    link = db.session().get_one(PasswordToken, message.link_id, populate_existing=True)
    assert (link.delivered_at, link.expires_at) == (clock.now(), clock.now() + timedelta(hours=1))


def test_a_tenants_mail_bears_its_own_name_and_domain_whoever_asked(smtp: MailServer, charlie: User) -> None:
    with tenancy.as_tenant(charlie.tenant_id):
        make_reset(charlie)

    tasks.deliver()

    (mail,) = smtp.mails
    assert mail.message["From"] == "Tern <panel@harbourline.example>"
    assert mail.link("/set-password").startswith("http://portal.tern.example:2271/set-password?token=")


@pytest.mark.both_stores
def test_one_fact_makes_one_mail_however_often_it_is_told(smtp: MailServer, alice: User) -> None:
    told = [
        service.queue("password_changed", to_user=alice, subject_type="user", subject_id=alice.id, fact="one")
        for _ in range(3)
    ]

    tasks.deliver()

    assert told == [True, False, False]
    assert len(smtp.mails) == 1


def test_many_mails_go_over_one_connection(smtp: MailServer, alice: User) -> None:
    for _ in range(25):
        make_message(alice)
    smtp.clear()

    tasks.deliver()

    assert (len(smtp.mails), smtp.connections) == (25, 1)
    assert len({mail.message_id for mail in smtp.mails}) == 25


def test_urgent_mails_go_first(smtp: MailServer, alice: User) -> None:
    make_message(alice, priority=9)
    make_message(alice, priority=5)
    urgent = make_message(alice, priority=1)

    tasks.deliver()

    assert smtp.mails[0].message_id == urgent.message_id_header


def test_a_mail_that_is_put_off_is_tried_three_times_with_growing_pauses_then_given_up_with_the_reason(
    smtp: MailServer, alice: User, now: time_machine.Traveller
) -> None:
    smtp.behave(LATER)
    message = make_message(alice)
    pauses = []
    for _ in range(2):
        tasks.deliver()
        pauses.append(read(message.id).next_at - clock.now())
        tasks.deliver()
        now.shift(pauses[-1].total_seconds())
    tasks.deliver()

    assert pauses == [timedelta(minutes=10), timedelta(hours=1)]
    assert len(smtp.refused) == 3
    assert {mail.message_id for mail in smtp.refused} == {message.message_id_header}
    dead = read(message.id)
    assert (dead.state, dead.attempts, dead.last_error) == ("dead", 3, "451 Try again later")
    assert [entry["outcome"] for entry in dead.attempt_log] == ["deferred"] * 3


def test_a_mail_refused_for_good_is_not_tried_again(smtp: MailServer, alice: User, now: time_machine.Traveller) -> None:
    smtp.behave(NEVER)
    message = make_message(alice)

    tasks.deliver()
    now.shift(86400)
    tasks.deliver()

    assert (len(smtp.refused), read(message.id).state) == (1, "dead")
    assert read(message.id).last_error == "554 No such person"


def test_a_server_that_is_away_uses_up_no_attempt_and_is_left_alone(
    smtp: MailServer, alice: User, now: time_machine.Traveller
) -> None:
    smtp.stop()
    messages = [make_message(alice) for _ in range(30)]
    for _ in range(5):
        tasks.deliver()

    assert {(read(one.id).state, read(one.id).attempts) for one in messages} == {("waiting", 0)}
    touched = [one for one in messages if read(one.id).last_error]
    assert len(touched) == 1
    assert service.health().trouble == "The mail server refuses connections."

    smtp.start()
    servers.forget()
    now.shift(60)
    tasks.deliver()

    assert len(smtp.mails) == 30
    assert {read(one.id).attempts for one in messages} == {1}


def test_a_line_that_breaks_after_the_message_is_written_down_as_uncertain_and_tried_with_the_same_id(
    smtp: MailServer, alice: User, now: time_machine.Traveller
) -> None:
    smtp.behave(DROP)
    message = make_message(alice)
    tasks.deliver()
    assert [entry["outcome"] for entry in read(message.id).attempt_log] == ["uncertain"]

    smtp.behave("250 OK")
    now.shift(600)
    tasks.deliver()

    assert [mail.message_id for mail in smtp.mails] == [message.message_id_header] * 2
    assert read(message.id).state == "done"


def test_a_worker_that_died_after_the_server_took_it_costs_one_copy_with_the_same_id(
    smtp: MailServer, alice: User, now: time_machine.Traveller
) -> None:
    message = make_message(alice)
    (in_hand,) = outbox.claim(EmailMessage, lease_seconds=tasks.LEASE_SECONDS)
    parcel = envelope.compose(message, rendering.draw(message), sender="panel@harbourline.example")
    line = Line(read_url(smtp.url), own_name="localhost")
    assert line.send(parcel).outcome is Outcome.SENT
    line.close()  # killed here, between the server's 250 and the commit

    tasks.deliver()
    assert len(smtp.mails) == 1
    now.shift(tasks.LEASE_SECONDS + 1)
    tasks.deliver()

    assert [mail.message_id for mail in smtp.mails] == [message.message_id_header] * 2
    assert (read(message.id).state, read(message.id).attempts) == ("done", 2)
    assert not outbox.finish(in_hand)


def test_a_reset_whose_link_was_replaced_is_not_sent(smtp: MailServer, alice: User) -> None:
    older, newer = make_reset(alice), make_reset(alice)

    tasks.deliver()

    assert [mail.message_id for mail in smtp.mails] == [newer.message_id_header]
    assert read(older.id).state == "dead"
    assert "replaced" in (read(older.id).last_error or "")


def test_a_changed_password_is_told_to_its_person_a_first_one_is_not(smtp: MailServer, alice: User) -> None:
    for purpose in ("first", "reset"):
        accounts.set_password(accounts.start_password_link(alice, purpose), "a hash")

    tasks.deliver()

    (mail,) = smtp.mails
    assert mail.subject == "Your password at Harbourline was changed"
    assert "http://127.0.0.1:2271/reset-password" in mail.text


def test_without_a_mail_server_nothing_is_sent_and_nothing_says_so(alice: User) -> None:
    message = make_reset(alice)

    tasks.deliver()

    kept = read(message.id)
    assert (kept.state, kept.attempts, kept.sent_at, kept.kept_at) == ("kept", 0, None, clock.now())
    assert kept.subject_line == "Set a new password at Harbourline"
    assert MASK in kept.body_html
    assert outbox.claim(type(message)) == []


def test_a_mail_that_cannot_be_drawn_stops_only_itself(smtp: MailServer, alice: User) -> None:
    broken = make_message(alice, template="welcome", subject_id=new_id(), priority=1)
    sound = make_message(alice)

    tasks.deliver()

    assert [mail.message_id for mail in smtp.mails] == [sound.message_id_header]
    assert (read(broken.id).state, read(broken.id).last_error) == ("waiting", "NoResultFound")


def test_the_figures_are_of_one_tenant_alone(tenant: Tenant, alice: User, charlie: User) -> None:
    with tenancy.as_tenant(charlie.tenant_id):
        make_message(charlie)
        make_message(charlie, state="dead", last_error="554 no")

    assert service.health() == service.Health(0, None, 0, 0, 0, "")
    make_message(alice)
    assert service.health().waiting == 1
