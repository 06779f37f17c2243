"""The copy of what is held about somebody, erasing, and how long things are kept."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.accounts import personal as accounts
from app.features.accounts.models import Customer, User
from app.features.audit import service as audit
from app.features.audit.models import AuditLog, PersonKey
from app.features.billing import specimen as billing
from app.features.billing.models import Invoice
from app.features.messages.models import EmailMessage
from app.features.payments import specimen as payments
from app.features.privacy import erasing, service, tasks
from app.features.privacy.held import ABOUT_NOBODY, HELD
from app.features.privacy.models import CUSTOMER, PERSON, DataCopy, DataCopyPart, Erasure
from app.features.provisioning import specimen as provisioning
from app.features.sessions.models import UserSession
from app.features.tenants import service as tenants
from app.features.webhooks import specimen as webhooks
from app.features.webhooks.models import WebhookDelivery
from app.kernel import clock, db, tenancy
from app.kernel.errors import Conflict, NotFound
from app.kernel.terms import SearchTerm
from tests.messages.factories import make_message
from tests.support.cast import principal_of

pytestmark = pytest.mark.both_stores


def test_a_person_gets_a_zip_of_what_is_held_about_them_and_of_nobody_else(as_alice, alice, bob):
    make_message(alice)
    make_message(bob)
    as_alice.post("/client/privacy/copies")
    tasks.make_copies()

    archive = _fetched(as_alice, alice)
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

    archive = _fetched(as_alice, alice)
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


def test_what_lies_in_the_database_is_encrypted(alice):
    service.ask_copy(principal_of(alice), PERSON, alice.id)
    tasks.make_copies()

    bodies = db.session().scalars(sa.select(DataCopyPart.body)).all()
    assert bodies and not any(body.startswith(b"PK") for body in bodies)


def test_nobody_has_more_than_three_copies_made_at_once(alice):
    for _ in range(3):
        service.ask_copy(principal_of(alice), PERSON, alice.id)
    with pytest.raises(Conflict):
        service.ask_copy(principal_of(alice), CUSTOMER, alice.customer_id)


def test_a_copy_made_twice_is_one_copy(alice, as_alice):
    copy = service.ask_copy(principal_of(alice), PERSON, alice.id)
    tasks.make_copies()
    before = db.session().scalar(sa.select(sa.func.count(DataCopyPart.id)))
    db.session().execute(
        sa.update(DataCopy).where(DataCopy.id == copy.id).values(state="waiting", finished_at=None, next_at=clock.now())
    )
    tasks.make_copies()

    assert db.session().scalar(sa.select(sa.func.count(DataCopyPart.id))) == before
    _fetched(as_alice, alice)


def test_a_whole_tenant_is_for_its_owner_and_holds_nothing_of_others(as_olive, as_sam, olive, alice, charlie):
    assert as_sam.post("/admin/privacy/tenant-copies").status_code == 403
    as_olive.post("/admin/privacy/tenant-copies")
    tasks.make_copies()

    archive = _fetched(as_olive, olive, door="admin")
    assert alice.email in archive.read("users.json").decode()
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert charlie.email.encode() not in everything
    assert b"password_hash" not in everything and b"sealed" not in everything


def test_erasing_leaves_nobody_and_keeps_what_the_law_wants(tenant, alice, bob, as_alice):
    customer, gone, everything = _lived(alice)
    address, name = alice.email, alice.first_name
    bobs = make_message(bob)

    erasing.erase_customer(customer.id)
    db.session().flush()
    db.session().expire_all()

    assert (customer.name, customer.status, customer.email) == ("Erased customer", "closed", accounts.NOBODY)
    assert customer.erased_at is not None
    assert (alice.first_name, alice.email, alice.password_hash) == ("Erased", accounts.NOBODY, None)
    assert as_alice.get("/client").status_code == 303
    for model, of_alice in gone.items():
        assert db.session().scalar(sa.select(sa.func.count(model.id)).where(of_alice)) == 0, model.__name__
    assert db.session().get(EmailMessage, bobs.id) is not None
    assert db.session().scalar(sa.select(sa.func.count(Invoice.id))) == everything["invoices"]
    words = sa.select(sa.func.count()).select_from(SearchTerm).where(SearchTerm.record_id.in_([alice.id, customer.id]))
    assert db.session().scalar(words) == 0
    login = db.session().scalars(sa.select(UserSession).where(UserSession.user_id == alice.id)).first()
    assert (login.ip, login.browser) == ("", "") and login.ended_at is not None
    assert not _is_anywhere(address) and not _is_anywhere(f'"{name}"')


def test_the_log_keeps_its_rows_and_tells_no_name_any_more(tenant, alice):
    customer, _gone, _kept = _lived(alice)
    rows = db.session().scalars(sa.select(AuditLog).where(AuditLog.resource_id == alice.id)).all()
    assert any("email" in str(audit.personal_part(row)) for row in rows)
    before = {row.id: row.personal for row in rows}

    erasing.erase_customer(customer.id)

    assert {row.id: row.personal for row in rows} == before
    assert not any(alice.first_name in str(audit.personal_part(row)) for row in rows)
    key = db.session().scalars(sa.select(PersonKey).where(PersonKey.person_id == alice.id)).one()
    assert key.sealed_key is None and key.destroyed_at is not None


def test_it_is_refused_while_services_run_or_money_is_owed(as_sam, alice):
    customer = db.session().get_one(Customer, alice.customer_id)
    billing.make(customer)
    here = f"/admin/privacy/customers/{customer.id}"

    answer = as_sam.post(f"{here}/erasures", data={"confirm_name": customer.title})

    assert answer.status_code == 409 and "1 invoice still open" in as_sam.get(here).text
    assert customer.erased_at is None


def test_an_owner_asks_staff_decide_and_the_worker_does_it_once(as_alice, as_sam, alice):
    customer = db.session().get_one(Customer, alice.customer_id)
    assert as_alice.post("/client/privacy/erasures").status_code == 303
    assert as_alice.post("/client/privacy/erasures").status_code == 409
    assert "answer by" in as_alice.get("/client/privacy").text
    assert "To be decided" in as_sam.get("/admin/privacy").text
    tasks.carry_out()
    assert customer.erased_at is None

    here = f"/admin/privacy/customers/{customer.id}"
    assert as_sam.post(f"{here}/erasures", data={"confirm_name": "another"}).status_code == 422
    as_sam.post(f"{here}/erasures", data={"confirm_name": customer.title})
    tasks.carry_out()
    tasks.carry_out()

    assert customer.erased_at is not None
    wish = db.session().scalars(sa.select(Erasure)).one()
    assert wish.stage == "done" and wish.touched > 0
    logged = set(db.session().scalars(sa.select(AuditLog.action).where(AuditLog.resource_id == customer.id)))
    assert {"ERASURE_ASKED", "ERASURE_APPROVED", "CUSTOMER_ERASED"} <= logged
    assert "Erased on" in as_sam.get(here).text


def test_staff_can_refuse_and_say_why(as_alice, as_sam, alice):
    as_alice.post("/client/privacy/erasures")
    wish = db.session().scalars(sa.select(Erasure)).one()

    assert as_sam.post(f"/admin/privacy/erasures/{wish.id}/refusal").status_code == 422
    as_sam.post(f"/admin/privacy/erasures/{wish.id}/refusal", data={"reason": "A court wants it kept."})

    assert wish.stage == "refused"
    assert as_sam.post(f"/admin/privacy/erasures/{wish.id}/refusal", data={"reason": "Again."}).status_code == 409
    assert "A court wants it kept." in as_sam.get("/admin/privacy").text


def test_others_cannot_ask_decide_or_look(client, as_alice, as_bob, as_charlie, as_sam, alice, charlie, sign_in):
    as_alice.post("/client/privacy/erasures")
    wish = db.session().scalars(sa.select(Erasure)).one()
    customer_id = alice.customer_id
    alice.customer_role = 4

    assert as_alice.post("/client/privacy/erasures").status_code == 403
    for asked in (as_alice, as_bob):
        assert asked.get("/admin/privacy").status_code == 403
        assert asked.post(f"/admin/privacy/erasures/{wish.id}/refusal", data={"reason": "x"}).status_code == 403
        assert asked.post(f"/admin/privacy/customers/{customer_id}/erasures").status_code == 403
    for address in ("/client/privacy", "/admin/privacy", f"/admin/privacy/customers/{customer_id}"):
        assert client.get(address).status_code == 303
    assert as_sam.get(f"/admin/privacy/customers/{charlie.customer_id}").status_code == 404
    assert as_sam.post(f"/admin/privacy/customers/{charlie.customer_id}/copies").status_code == 404


def test_mails_and_closed_customers_go_when_their_time_is_over(as_sam, alice, bob):
    old, young = make_message(alice, state="done"), make_message(bob, state="done")
    waiting = make_message(alice)
    for row in (old, waiting):
        row.created_at = clock.now() - timedelta(days=91)
    customer = db.session().get_one(Customer, alice.customer_id)
    customer.status, customer.closed_at = "closed", clock.now() - timedelta(days=400)
    db.session().flush()
    old_id, young_id, waiting_id = old.id, young.id, waiting.id
    db.session().expunge(old)

    tasks.let_go()
    there = sa.select(EmailMessage.id)
    assert old_id in db.session().scalars(there).all()  # nobody has set anything
    as_sam.post("/admin/privacy", data={"keep_mails_days": "90", "keep_closed_days": "365"})
    tasks.let_go()
    left = set(db.session().scalars(there))
    assert old_id not in left and {young_id, waiting_id} <= left
    tasks.carry_out()
    db.session().refresh(customer)
    assert customer.erased_at is not None


@pytest.mark.parametrize("days", ["29", "-1", "1e3", "36501", "x"])
def test_days_that_make_no_sense_are_said_at_the_field(as_sam, tenant, days):
    answer = as_sam.post("/admin/privacy", data={"keep_mails_days": days})

    assert answer.status_code == 422 and "keep_mails_days" in answer.text
    assert tenants.current().keep_mails_days is None


def test_a_page_asks_the_store_little(as_alice, as_sam, alice, queries):
    for _ in range(3):
        service.ask_copy(principal_of(alice), PERSON, alice.id)

    with queries(max=15):
        assert as_alice.get("/client/privacy").status_code == 200
    with queries(max=15):
        assert as_sam.get("/admin/privacy").status_code == 200
    with queries(max=15):
        assert as_sam.get(f"/admin/privacy/customers/{alice.customer_id}").status_code == 200


def test_every_table_says_whether_it_tells_of_anybody(tenant):
    said = {held.model.__tablename__ for held in HELD} | set(ABOUT_NOBODY)
    tables = {table.name for table in tenancy.tenant_tables()}

    assert tables - said == set(), "a room says in its personal.py what becomes of these; or held.ABOUT_NOBODY why not"
    assert set(ABOUT_NOBODY) - tables == set()
    assert {held.model.__tablename__ for held in HELD} & set(ABOUT_NOBODY) == set()


def _fetched(asked, user, *, door="client"):
    copy = service.copies_for(principal_of(user))[0]
    answer = asked.get(f"/{door}/privacy/copies/{copy.id}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert len(answer.data) == copy.byte_count
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    return archive


def _lived(alice):
    """Alice has a service that ended, invoices, mails and told endpoints; what of it must go, and what must stay."""
    customer = db.session().get_one(Customer, alice.customer_id)
    webhooks.make()
    payments.make(billing.make(customer))
    job = provisioning.make(customer)
    make_message(alice)
    audit.record(
        "USER_UPDATED", resource_type="user", resource_id=alice.id, after={"email": alice.email}, person_id=alice.id
    )
    db.session().flush()
    assert job.customer_id == customer.id
    told = sa.or_(WebhookDelivery.body.contains(str(customer.id)), WebhookDelivery.body.contains(str(alice.id)))
    gone = {EmailMessage: EmailMessage.to_user_id == alice.id, WebhookDelivery: told}
    return customer, gone, {"invoices": db.session().scalar(sa.select(sa.func.count(Invoice.id)))}


def _is_anywhere(text: str) -> bool:
    """Whether any text of any table of this tenant holds it, but for invoices and payments."""
    kept = {"invoices", "invoice_lines", "payments", "payment_callbacks"}
    for table in tenancy.tenant_tables():
        if table.name in kept:
            continue
        texts = [column for column in table.columns if isinstance(column.type, sa.String | sa.JSON)]
        for column in texts:
            found = sa.select(sa.func.count()).where(sa.cast(column, sa.Text).contains(text))
            if db.session().scalar(tenancy.named(found, "looks everywhere on purpose")):
                return True
    return False


def test_nobody_finds_what_is_not_there(alice):
    with pytest.raises(NotFound):
        service.find_copy(principal_of(alice), alice.id)
    assert db.session().get(User, alice.id) is alice
