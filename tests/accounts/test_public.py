"""A lost password: asking for a link."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.accounts import service, tasks
from app.features.accounts.models import PasswordRequest, PasswordToken
from app.features.messages.models import EmailMessage
from app.kernel import clock, db
from tests.accounts.factories import give_password, shut_out


def links() -> int:
    return db.session().scalar(sa.select(sa.func.count()).select_from(PasswordToken)) or 0


def requests() -> int:
    return db.session().scalar(sa.select(sa.func.count()).select_from(PasswordRequest)) or 0


def ask(client, email, door="/reset-password", ip="127.0.0.1"):
    return client.post(door, data={"email": email}, environ_base={"REMOTE_ADDR": ip})


def test_asking_queues_a_mail_with_a_link_of_an_hour(client, alice):
    response = ask(client, " ALICE@acme.example")
    assert (response.status_code, response.location) == (303, "/reset-password/sent")
    assert client.get(response.location).status_code == 200
    assert (links(), requests()) == (0, 1)
    tasks.answer_requests()
    assert (links(), requests()) == (1, 0)
    link = db.session().scalars(sa.select(PasswordToken)).one()
    assert link.expires_at == clock.now() + timedelta(hours=1)
    assert db.session().scalars(sa.select(EmailMessage)).one().to_address == alice.email
    tasks.answer_requests()
    assert links() == 1


def test_the_answer_is_the_same_whoever_is_meant(client, alice, bob, sam, charlie, queries):
    shut_out(give_password(bob))
    answers, statements = [], []
    client.get("/reset-password")
    for number, email in enumerate([alice.email, "nobody@example.com", bob.email, sam.email, charlie.email]):
        with queries(max=10) as statements_sent:
            response = ask(client, email, ip=f"198.51.100.{number}")
        headers = {name: value for name, value in response.headers if name not in {"X-Request-Id", "Set-Cookie"}}
        answers.append((response.status_code, response.text, headers))
        statements.append([re.sub(r"\s+", " ", str(statement))[:60] for statement in statements_sent])
    assert answers.count(answers[0]) == 5
    assert statements.count(statements[0]) == 5
    tasks.answer_requests()
    assert [message.to_user_id for message in db.session().scalars(sa.select(EmailMessage))] == [alice.id]


@pytest.mark.parametrize(("door", "works"), [("/reset-password", "alice"), ("/admin/reset-password", "sam")])
def test_nobody_crosses_over(client, alice, sam, door, works):
    for number, person in enumerate((alice, sam)):
        assert ask(client, person.email, door, ip=f"198.51.100.{number}").status_code == 303
    tasks.answer_requests()
    meant = {"alice": alice, "sam": sam}[works]
    assert [link.user_id for link in db.session().scalars(sa.select(PasswordToken))] == [meant.id]


def test_a_customer_who_is_closed_gets_no_link(client, alice):
    service.find_customer(type("Who", (), {"is_staff": True, "key_id": None})(), alice.customer_id).status = "closed"
    ask(client, alice.email)
    tasks.answer_requests()
    assert links() == 0


def test_three_mails_an_hour_for_one_account_then_silence(client, alice, now):
    answers = {ask(client, alice.email.upper(), ip=f"198.51.100.{number}").location for number in range(6)}
    assert answers == {"/reset-password/sent"}
    assert requests() == 3
    now.shift(3601)
    ask(client, alice.email)
    assert requests() == 4


@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8::{:x}"])
def test_five_mails_an_hour_from_one_network_then_silence(client, address):
    answers = {ask(client, f"person{n}@example.com", ip=address.format(n)).location for n in range(9)}
    assert answers == {"/reset-password/sent"}
    assert requests() == 5


@pytest.mark.parametrize("email", ["", "x", "a\0@example.com", "a@b", "x" * 5000, ["a@example.com", "b@example.com"]])
def test_what_is_no_address_is_said_at_the_field(client, email):
    response = ask(client, email)
    assert response.status_code == 422
    assert 'class="form-error"' in response.text
    assert requests() == 0


def test_a_form_made_elsewhere_is_refused(client, alice):
    assert client.post("/reset-password", data={"email": alice.email}, csrf=False).status_code == 403
    assert requests() == 0


@pytest.mark.parametrize(
    "path", ["/reset-password", "/reset-password/sent", "/admin/reset-password", "/admin/reset-password/sent"]
)
def test_strangers_may_ask(client, as_alice, path):
    assert client.get(path).status_code == 200
    assert as_alice.get(path).status_code == 200
