"""What staff write by hand: a new customer, its details, notes; and the account that its owner closes."""

import re

import pytest
import sqlalchemy as sa

from app.features.accounts import by_hand, notes, personal
from app.features.accounts import service as accounts
from app.features.accounts.models import Customer, CustomerNote, User
from app.features.audit.models import AuditLog
from app.features.messages import rendering
from app.features.messages.models import EmailMessage
from app.features.payments import service as payments
from app.features.subscriptions import service as subscriptions
from app.kernel import db
from app.kernel.access import Role
from tests.accounts.factories import PASSWORD, give_password, make_colleague
from tests.orders.factories import make_order
from tests.sessions.factories import is_in, sign_in
from tests.support.cast import principal_of

NEW = "/admin/customers/new"
FORM = {
    "first_name": "Nadia", "last_name": "Petrov", "email": "nadia@petrov.example", "company": "Petrov Ceramics",
    "city": "Bath", "country": "GB", "tax_number": "gb123", "currency": "EUR",
}  # fmt: skip


def rows(model):
    return db.session().scalars(sa.select(model).order_by(model.created_at, model.id)).all()


def actions():
    return [row.action for row in rows(AuditLog)]


@pytest.mark.parametrize(("sends", "mails"), [({"sends_link": "y"}, 1), ({}, 0)])
def test_staff_enter_a_customer_and_choose_whether_a_welcome_goes_out(as_sam, sends, mails):
    response = as_sam.post(NEW, data={**FORM, **sends})
    [customer], user = rows(Customer), next(user for user in rows(User) if not user.is_staff)

    assert response.location == f"/admin/customers/{customer.id}"
    assert (customer.title, customer.currency, customer.city, customer.country, customer.tax_number) == (
        "Petrov Ceramics", "EUR", "Bath", "GB", "GB123"
    )  # fmt: skip
    assert customer.marketing_source == "staff"
    assert (user.email, user.role, user.password_hash) == ("nadia@petrov.example", Role.OWNER, None)
    assert {"CUSTOMER_CREATED", "USER_CREATED"} <= set(actions())
    assert len(rows(EmailMessage)) == mails
    for mail in rows(EmailMessage):
        assert "/set-password?token=" in rendering.draw(mail).text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "alice@acme.example"}, "uses this e-mail address already"),
        ({"email": "nobody"}, "That is not an e-mail address"),
        ({"currency": "XXX1"}, "Choose a currency"),
        ({"country": "ZZ"}, "Choose a country"),
        ({"first_name": ""}, "Say who it is."),
        ({"company": "https://x.example"}, "web address"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_made(as_sam, alice, change, said):
    before = len(rows(Customer))
    response = as_sam.post(NEW, data={**FORM, **change})

    assert response.status_code == 422
    assert said in response.text
    assert len(rows(Customer)) == before


def test_staff_put_details_right_and_the_sign_in_stays(as_sam, alice):
    here = f"/admin/customers/{alice.customer_id}/details"
    assert "alice@acme.example" in as_sam.get(here).text
    form = {"name": "Alice M.", "city": "Bath", "email": "books@acme.example"}
    assert as_sam.post(here, data=form).location == f"/admin/customers/{alice.customer_id}"
    customer = db.session().get_one(Customer, alice.customer_id)
    assert (customer.name, customer.city, customer.email) == ("Alice M.", "Bath", "books@acme.example")
    assert alice.email == "alice@acme.example"
    assert "books@acme.example" in as_sam.get("/admin/customers", query_string={"q": "books@acme.example"}).text
    assert as_sam.post(here, data={"name": "", "email": "x"}).status_code == 422


def test_notes_are_kept_pinned_changed_and_deleted(as_sam, as_alice, alice, sam):
    here = f"/admin/customers/{alice.customer_id}"
    as_sam.post(f"{here}/notes", data={"text": "Pays late.\nAsk for a deposit."})
    as_sam.post(f"{here}/notes", data={"text": "Called <b>twice</b>.", "is_pinned": "y"})
    first, second = rows(CustomerNote)
    text = as_sam.get(here).text
    assert text.index("Called &lt;b&gt;twice&lt;/b&gt;.") < text.index("services-title") < text.index("Pays late.")
    assert text.count("Called &lt;b&gt;twice") == 1
    assert as_sam.post(f"{here}/notes/{first.id}", data={"text": "Pays in time.", "is_pinned": "y"}).status_code == 303
    assert (first.text, first.edited_at is not None, first.pinned_at is not None) == ("Pays in time.", True, True)
    assert as_sam.post(f"{here}/notes/{second.id}/deletion").location == f"{here}#notes"
    assert rows(CustomerNote) == [first]
    assert actions().count("NOTE_WRITTEN") == 2
    assert {"NOTE_CHANGED", "NOTE_DELETED"} <= set(actions())
    log = [row for row in rows(AuditLog) if row.action.startswith("NOTE_")]
    assert all("Pays" not in str(row.state_after) for row in log)
    for address in ("/client", "/client/account", "/client/security/sessions"):
        assert "Pays in time." not in as_alice.get(address).text


def test_a_colleague_changes_only_their_own_words_and_an_admin_any(sign_in, as_sam, alice):
    here = f"/admin/customers/{alice.customer_id}/notes"
    mia, moe = make_colleague(Role.MEMBER, "Mia"), make_colleague(Role.MEMBER, "Moe")
    as_mia, as_moe = sign_in(mia), sign_in(moe)
    as_mia.post(here, data={"text": "Mia's words."})
    [note] = rows(CustomerNote)
    for address in (f"{here}/{note.id}", f"{here}/{note.id}/deletion"):
        assert as_moe.post(address, data={"text": "Moe's words."}).status_code == 403
    assert as_moe.get(f"{here}/{note.id}").status_code == 403
    assert f"{here}/{note.id}" not in as_moe.get(f"/admin/customers/{alice.customer_id}").text
    assert as_mia.post(f"{here}/{note.id}", data={"text": "Mia's own."}).status_code == 303
    assert as_sam.post(f"{here}/{note.id}/deletion").status_code == 303


@pytest.mark.parametrize("text", ["", "   ", "x" * 5001])
def test_a_note_that_cannot_be_is_given_back(as_sam, alice, text):
    response = as_sam.post(f"/admin/customers/{alice.customer_id}/notes", data={"text": text})

    assert response.status_code == 422
    assert rows(CustomerNote) == []


def test_strangers_and_lesser_staff(client, as_alice, as_sam, sign_in, alice, bob, charlie, other_tenant):
    viewer = sign_in(make_colleague(Role.VIEWER))
    mine = notes.write(db.session().get_one(Customer, alice.customer_id), "Hm.", who=principal_of(alice))
    here = f"/admin/customers/{alice.customer_id}"
    for address in (NEW, f"{here}/details", f"{here}/reopening", f"{here}/notes", f"{here}/notes/{mine.id}"):
        assert client.post(address).location == "/admin/sign-in"
        assert as_alice.post(address).status_code == 403
        assert viewer.post(address, data={"text": "x"}).status_code == 403
    for foreign in (charlie.customer_id, mine.id):
        assert as_sam.get(f"/admin/customers/{foreign}/details").status_code == 404
        assert as_sam.post(f"/admin/customers/{foreign}/notes", data={"text": "x"}).status_code == 404
    assert as_sam.get(f"/admin/customers/{bob.customer_id}/notes/{mine.id}").status_code == 404
    assert as_sam.post(f"/admin/customers/{bob.customer_id}/notes/{mine.id}/deletion").status_code == 404


def test_older_notes_are_on_a_page_of_their_own(as_sam, as_alice, alice, sam, queries, now):
    here, customer = f"/admin/customers/{alice.customer_id}", db.session().get_one(Customer, alice.customer_id)
    for number in range(101):
        notes.write(customer, f"Note {number}.", who=principal_of(sam))
        now.shift(1)
        if number == 49:
            assert "All notes" not in as_sam.get(here).text

    text = as_sam.get(here).text
    assert "50+" in text and f'href="{here}/notes"' in text and "Note 51." in text and "Note 50." not in text
    seen, address = [], f"{here}/notes"
    while address:
        with queries(max=15):
            text = as_sam.get(address).text
        seen += re.findall(r"Note \d+\.", text)
        onward = re.search(r'href="([^"]+)" rel="next"', text)
        address = onward and f"{here}/notes{onward[1]}"
    assert seen == [f"Note {number}." for number in reversed(range(101))]
    assert as_alice.get(f"{here}/notes").status_code == 403


def test_the_customers_page_asks_no_more_for_many_notes(as_sam, alice, queries, sam):
    customer = db.session().get_one(Customer, alice.customer_id)
    for number in range(30):
        notes.write(customer, f"Note {number}", who=principal_of(sam))
    db.session().flush()
    as_sam.get(f"/admin/customers/{customer.id}")
    with queries(max=18):
        as_sam.get(f"/admin/customers/{customer.id}")


CLOSING = "/client/account/closing"


def test_an_owner_closes_the_account_with_the_password(as_alice, client, alice, as_sam):
    give_password(alice)
    assert "Close the account" in as_alice.get("/client/account").text
    assert as_alice.post(CLOSING, data={"password": "wrong"}).status_code == 422
    assert as_alice.post(CLOSING, data={"password": PASSWORD}).location == "/sign-in"
    customer = db.session().get_one(Customer, alice.customer_id)
    assert customer.status == "closed"
    assert "CUSTOMER_CLOSED" in actions()
    assert not is_in(as_alice)
    assert sign_in(client, alice.email).status_code == 422
    assert "Open the account again" in as_sam.get(f"/admin/customers/{customer.id}").text
    assert as_sam.post(f"/admin/customers/{customer.id}/reopening").status_code == 303
    assert as_sam.post(f"/admin/customers/{customer.id}/reopening").status_code == 409
    assert sign_in(client, alice.email).status_code == 303


def test_an_erased_customer_is_not_opened_again(as_sam, alice):
    customer = db.session().get_one(Customer, alice.customer_id)
    personal.erase_customer(customer.id)
    db.session().expire_all()

    assert as_sam.post(f"/admin/customers/{customer.id}/reopening").status_code == 409
    assert customer.status == "closed"


def test_whoever_is_no_owner_does_not_close_it(as_alice, alice, as_sam, client):
    alice.customer_role = int(Role.ADMIN)
    assert as_alice.get(CLOSING).status_code == 403
    assert as_sam.post(CLOSING).status_code == 403
    assert client.post(CLOSING).status_code == 303
    as_sam.post(f"/admin/impersonations/{alice.id}")
    assert as_sam.post(CLOSING, data={"password": PASSWORD}).status_code == 403


def test_credit_has_to_be_settled_first(as_alice, alice):
    give_password(alice)
    db.session().get_one(Customer, alice.customer_id).credit_minor = 500
    assert "in credit" in as_alice.get(CLOSING).text
    assert as_alice.post(CLOSING, data={"password": PASSWORD}).status_code == 409
    assert db.session().get_one(Customer, alice.customer_id).is_active


def test_what_runs_and_what_is_owed_has_to_be_settled_first(as_alice, alice, plans):
    give_password(alice)
    placed = make_order(alice)
    db.session().flush()
    text = as_alice.get(CLOSING).text
    assert "An order waits for its payment." in text
    assert "are not paid." in text
    assert as_alice.post(CLOSING, data={"password": PASSWORD}).status_code == 409
    payments.receive(placed.invoice.id, placed.invoice.open, gateway="bank", reference="B-1")
    assert "has not ended. Cancel it" in as_alice.get(CLOSING).text
    subscriptions.cancel(placed.subscription, reason="Too dear")
    assert "is cancelled. Wait for its last day." in as_alice.get(CLOSING).text
    assert as_alice.post(CLOSING, data={"password": PASSWORD}).status_code == 409
    assert db.session().get_one(Customer, alice.customer_id).is_active


def test_two_who_close_at_once_close_it_once(alice):
    customer = db.session().get_one(Customer, alice.customer_id)
    by_hand.close(customer)
    with pytest.raises(by_hand.ClosedAlready):
        by_hand.close(customer)


API = "/api/v1/customers"


def test_programs_enter_read_and_change_customers(as_sam, tenant):
    made = as_sam.post(API, json={"first_name": "Nadia", "email": "nadia@petrov.example", "city": "Bath"})
    assert made.status_code == 201
    customer_id = made.get_json()["id"]
    assert made.get_json()["currency"] == "USD"
    assert as_sam.get(f"{API}/{customer_id}").get_json()["city"] == "Bath"
    changed = as_sam.patch(f"{API}/{customer_id}", json={"city": "Bristol"})
    assert (changed.status_code, changed.get_json()["city"]) == (200, "Bristol")
    assert changed.get_json()["email"] == "nadia@petrov.example"
    assert [one["id"] for one in as_sam.get(API).get_json()["items"]] == [customer_id]
    assert as_sam.post(API, json={"first_name": "N", "email": "nadia@petrov.example"}).status_code == 409
    unknown = as_sam.patch(f"{API}/{customer_id}", json={"credit_minor": 5, "status": "closed"})
    assert unknown.status_code == 422


def test_programs_keep_notes(as_sam, alice):
    here = f"{API}/{alice.customer_id}/notes"
    made = as_sam.post(here, json={"text": "Pays late."})
    assert made.status_code == 201
    note = f"{here}/{made.get_json()['id']}"
    changed = as_sam.patch(note, json={"pinned": True})
    assert (changed.get_json()["text"], changed.get_json()["pinned"]) == ("Pays late.", True)
    assert len(as_sam.get(here).get_json()["items"]) == 1
    assert as_sam.delete(note).status_code == 204
    assert as_sam.delete(note).status_code == 404


def test_programs_read_notes_by_the_page(as_sam, alice, now):
    here, texts = f"{API}/{alice.customer_id}/notes", [f"Note {number}" for number in range(5)]
    for text in texts:
        as_sam.post(here, json={"text": text})
        now.shift(1)
    read, query = [], {"limit": 2}
    while query:
        page = as_sam.get(here, query_string=query).get_json()
        assert len(page["items"]) <= 2
        read += [note["text"] for note in page["items"]]
        query = page["next_cursor"] and {"limit": 2, "cursor": page["next_cursor"]}
    assert read == texts[::-1]


def test_programs_write_notes_so_often_an_hour(as_sam, alice):
    here = f"{API}/{alice.customer_id}/notes"
    assert [as_sam.post(here, json={"text": "x"}).status_code for _ in range(121)] == [201] * 120 + [429]


def test_people_read_and_change_their_own_account(as_alice, alice):
    assert as_alice.get("/api/v1/account").get_json()["id"] == str(alice.customer_id)
    assert as_alice.patch("/api/v1/account", json={"city": "Bath"}).get_json()["city"] == "Bath"
    assert as_alice.patch("/api/v1/account", json={"email": "x@y.example"}).status_code == 422
    alice.customer_role = int(Role.MEMBER)
    assert as_alice.patch("/api/v1/account", json={"city": "Bristol"}).status_code == 403


def test_a_customer_that_is_entered_can_be_found(as_sam, tenant):
    by_hand.enter(
        email="n@petrov.example", first_name="Nadia", last_name="", currency="USD", sends_link=False, company="Petrov"
    )
    assert accounts.is_email_taken("n@petrov.example")
    assert "Petrov" in as_sam.get("/admin/customers", query_string={"q": "petrov"}).text
