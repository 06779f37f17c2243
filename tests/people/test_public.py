"""`/invitation`: coming in."""

import re

import pytest
import sqlalchemy as sa

from app.features.accounts import agreements
from app.features.accounts.models import User
from app.features.sessions.models import UserSession
from app.kernel import db
from app.kernel.access import Role
from tests.accounts.factories import PASSWORD, make_colleague, shut_out
from tests.people.factories import make_invitation
from tests.support.cast import OTHER_HOST
from tests.support.clients import open_client

HERE = "/invitation"
GOOD = {"first_name": "Ann", "last_name": "Newly", "password": PASSWORD}


def people() -> int:
    return db.session().scalar(sa.select(sa.func.count()).select_from(User)) or 0


@pytest.fixture
def token(alice):
    return make_invitation(alice, email="ann@example.com", role=Role.BILLING, customer_id=alice.customer_id)[1]


def test_looking_uses_nothing_up_and_leads_nowhere_else(client, token):
    for _ in range(3):
        page = client.get(f"{HERE}?token={token}")
        assert page.status_code == 200
    for word in ("Alice Marchetti", "billing", "ann@example.com", "data-strip-query"):
        assert word in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "no-store" in page.headers["Cache-Control"]


@pytest.mark.both_stores
def test_accepting_makes_the_person_and_signs_in_once(client, alice, token):
    answer = client.post(HERE, data=GOOD | {"token": token})

    user = db.session().scalars(sa.select(User).where(User.email == "ann@example.com")).one()
    assert (answer.status_code, answer.location) == (303, "/client")
    assert (user.name, user.role, user.customer_id) == ("Ann Newly", Role.BILLING, alice.customer_id)
    assert client.get("/client").status_code == 200
    again = client.post(HERE, data=GOOD | {"token": token})
    assert again.status_code == 410
    assert people() == 2
    client.post("/sign-out")
    signed = client.post("/sign-in", data={"email": "ann@example.com", "password": PASSWORD})
    assert signed.location == "/client"


def test_staff_come_in_at_their_own_door(client, olive):
    _invitation, token = make_invitation(olive, email="new@example.com", role=Role.ADMIN)
    assert "the staff of Harbourline" in client.get(f"{HERE}?token={token}").text
    assert client.post(HERE, data=GOOD | {"token": token}).location == "/admin"
    assert client.get("/admin").status_code == 200
    assert client.get("/client").status_code == 403


def test_a_browser_that_was_somebody_else_is_the_new_person_afterwards(as_bob, bob, token):
    as_bob.post(HERE, data=GOOD | {"token": token})
    assert "ann@example.com" in as_bob.get("/client/account").text
    ended = db.session().scalars(sa.select(UserSession).where(UserSession.user_id == bob.id)).one()
    assert ended.ended_at is not None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("first_name", "", "Say what we may call you"), ("first_name", "www.evil.example", "web address"), ("last_name", "a\u202eb", "one line"),
     ("password", "", "Choose a password"), ("password", "short", "10 characters"), ("password", "password123", "tried first"),
     ("password", "ann@example.com", "too close"), ("password", "Newly-Newly!", "too close|tried"), ("password", "x" * 1025, "1024 bytes")],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_used_up(client, token, field, value, said):
    before = people()
    data = GOOD | {"token": token, field: value}
    if value == "Newly-Newly!":
        data |= {"first_name": "Newly", "last_name": "Newly"}
    response = client.post(HERE, data=data)
    error = re.search(rf'id="{field}-error">([^<]+)<', response.text)
    assert response.status_code == 422
    assert error and re.search(said, error[1]), response.text
    assert people() == before
    assert client.get(f"{HERE}?token={token}").status_code == 200


@pytest.mark.parametrize("bad", ["", "x", "0" * 43, "a\0b", "x" * 5000, "é"])
def test_what_is_no_invitation_is_over(client, token, bad):
    assert client.get(HERE, query_string={"token": bad}).status_code == 410
    assert client.post(HERE, data=GOOD | {"token": bad}).status_code == 410
    assert client.get(HERE, query_string={"token": token.swapcase()}).status_code == 410


def test_an_address_that_was_taken_meanwhile_is_told_to_its_owner_alone(client, alice, bob, token):
    bob.email_key = "ann@example.com"
    before = people()
    assert client.get(f"{HERE}?token={token}").status_code == 200
    answer = client.post(HERE, data=GOOD | {"token": token})
    assert answer.status_code == 409
    assert "You have an account already" in answer.text
    assert people() == before
    assert client.get("/client").status_code == 303


def test_who_came_in_is_asked_for_the_terms_first(client, token, olive):
    agreements.publish("2026-11", text="Be kind.", url="", user_id=olive.id)
    client.post(HERE, data=GOOD | {"token": token})
    assert client.get("/client").location.startswith("/client/terms")
    assert client.get("/client/terms").status_code == 200


def test_no_field_of_a_person_is_taken_from_the_form(client, alice, token):
    everything = {column.key: "5" for column in sa.inspect(User).columns} | {"role": "OWNER", "is_staff": "1"}
    assert client.post(HERE, data=everything | GOOD | {"token": token}).status_code == 303
    user = db.session().scalars(sa.select(User).where(User.first_name == "Ann")).one()
    assert (user.role, user.customer_id, user.staff_role, user.email) == (
        Role.BILLING, alice.customer_id, None, "ann@example.com"
    )  # fmt: skip


def test_without_the_forms_token_nothing_happens(client, token):
    assert client.post(HERE, data=GOOD | {"token": token}, csrf=False).status_code == 403


def test_a_stranger_gets_in_nowhere_else_by_it(panel_app, client, alice, token, other_tenant):
    elsewhere = open_client(panel_app, host=OTHER_HOST, tenant_id=other_tenant.id)
    assert elsewhere.get(f"{HERE}?token={token}").status_code == 410
    assert elsewhere.post(HERE, data=GOOD | {"token": token}).status_code == 410
    assert client.get(f"/set-password?token={token}").status_code == 410
    make_colleague(Role.ADMIN)
    shut_out(alice)
    assert client.get(f"{HERE}?token={token}").status_code == 410
