"""`/client/privacy`: copies of what is held, fetched by whoever asked."""

import json

import pytest
import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.billing import specimen as billing
from app.features.messages.models import EmailMessage
from app.features.payments import specimen as payments
from app.features.privacy import service, tasks
from app.features.privacy.models import PERSON, DataCopy, DataCopyPart
from app.kernel import clock, db
from tests.messages.factories import make_message
from tests.privacy.factories import fetched
from tests.support.cast import principal_of

pytestmark = pytest.mark.both_stores


def test_a_person_gets_a_zip_of_what_is_held_about_them_and_of_nobody_else(as_alice, alice, bob):
    make_message(alice)
    make_message(bob)
    as_alice.post("/client/privacy/copies")
    tasks.make_copies()

    archive = fetched(as_alice, alice)
    mine = json.loads(archive.read("person.json"))
    assert [person["email"] for person in mine] == [alice.email]
    assert len(json.loads(archive.read("mails.json"))) == 1
    assert json.loads(archive.read("logins.json"))[0]["ip"] == "127.0.0.1"
    assert {act["action"] for act in json.loads(archive.read("activity.json"))} >= {"DATA_EXPORTED"}
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert bob.email.encode() not in everything
    assert (alice.password_hash or "argon2").encode() not in everything and b"token_hash" not in everything


def test_the_account_comes_whole_for_its_admins(as_alice, alice):
    customer = db.session().get_one(Customer, alice.customer_id)
    invoice = billing.make(customer)
    payments.make(invoice)
    as_alice.post("/client/privacy/account-copies")
    tasks.make_copies()

    archive = fetched(as_alice, alice)
    assert json.loads(archive.read("customer.json"))[0]["email"] == customer.email
    assert json.loads(archive.read("invoices.json"))[0]["number"] == invoice.number
    assert json.loads(archive.read("payments.json"))[0]["amount_minor"] == invoice.total_minor
    assert json.loads(archive.read("people/1/person.json"))[0]["email"] == alice.email


def test_who_asked_is_told_by_mail_and_nobody_else_can_fetch_it(as_alice, as_bob, as_sam, as_charlie, alice, client):
    as_alice.post("/client/privacy/copies")
    tasks.make_copies()
    copy_id = db.session().scalars(sa.select(DataCopy.id)).one()

    told = db.session().scalars(sa.select(EmailMessage).where(EmailMessage.template == "data_ready")).one()
    assert told.to_user_id == alice.id
    assert as_alice.get(f"/client/privacy/copies/{copy_id}").status_code == 200
    for asked, door in ((as_bob, "client"), (as_charlie, "client"), (as_sam, "admin")):
        assert asked.get(f"/{door}/privacy/copies/{copy_id}").status_code == 404
        assert asked.get(f"/api/v1/privacy/copies/{copy_id}/file").status_code == 404
        assert asked.get(f"/api/v1/privacy/copies/{copy_id}").status_code == 404
    assert client.get(f"/client/privacy/copies/{copy_id}").status_code == 303


def test_a_copy_of_the_account_is_not_for_who_lost_the_role(as_alice, alice):
    as_alice.post("/client/privacy/account-copies")
    tasks.make_copies()
    copy_id = db.session().scalars(sa.select(DataCopy.id)).one()
    alice.customer_role = 2

    assert as_alice.get(f"/client/privacy/copies/{copy_id}").status_code == 404
    assert as_alice.post("/client/privacy/account-copies").status_code == 403
    assert as_alice.post("/api/v1/privacy/copies", json={"of": "account"}).status_code == 403
    assert as_alice.post("/api/v1/privacy/copies", json={"of": "me"}).status_code == 202


def test_a_copy_that_is_over_is_gone_and_so_are_its_parts(as_alice, alice):
    copy = service.ask_copy(principal_of(alice), PERSON, alice.id)
    tasks.make_copies()
    copy.expires_at = clock.now()
    db.session().flush()

    assert as_alice.get(f"/client/privacy/copies/{copy.id}").status_code == 404
    tasks.let_go()
    assert db.session().scalar(sa.select(sa.func.count(DataCopyPart.id))) == 0
    assert db.session().scalar(sa.select(sa.func.count(DataCopy.id))) == 0


def test_staff_in_a_persons_place_do_not_fetch_what_the_person_asked_for(as_alice, as_sam, alice):
    as_alice.post("/client/privacy/copies")
    tasks.make_copies()
    [copy] = service.copies_for(principal_of(alice))
    assert as_sam.post(f"/admin/impersonations/{alice.id}").status_code == 303

    for address in (
        f"/client/privacy/copies/{copy.id}",
        f"/api/v1/privacy/copies/{copy.id}",
        f"/api/v1/privacy/copies/{copy.id}/file",
    ):
        assert as_sam.get(address).status_code == 403, address


def test_a_copy_tells_that_staff_acted_in_ones_place_and_not_from_where(as_alice, as_sam, alice):
    as_sam.post(f"/admin/impersonations/{alice.id}")
    as_sam.post("/client/account", data={"name": "Alice M", "country": ""})
    as_alice.post("/client/privacy/copies")
    tasks.make_copies()

    acts = json.loads(fetched(as_alice, alice).read("activity.json"))
    [changed] = [act for act in acts if act["action"] == "CUSTOMER_DETAILS_CHANGED"]
    assert changed["by"] == "staff in the person's place"
    assert "ip" not in changed and "user_agent" not in changed
