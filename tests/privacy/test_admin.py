"""`/admin/privacy`: wishes decided, customers erased, and how long things are kept."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.audit.models import AuditLog
from app.features.billing import specimen as billing
from app.features.messages.models import EmailMessage
from app.features.privacy import service, tasks
from app.features.privacy.models import PERSON, Erasure
from app.features.tenants import service as tenants
from app.kernel import clock, db
from tests.messages.factories import make_message
from tests.privacy.factories import fetched
from tests.support.cast import principal_of

pytestmark = pytest.mark.both_stores


def test_a_whole_tenant_is_for_its_owner_and_holds_nothing_of_others(as_olive, as_sam, olive, alice, charlie):
    assert as_sam.post("/admin/privacy/tenant-copies").status_code == 403
    as_olive.post("/admin/privacy/tenant-copies")
    tasks.make_copies()

    archive = fetched(as_olive, olive, door="admin")
    assert alice.email in archive.read("users.json").decode()
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert charlie.email.encode() not in everything
    assert b"password_hash" not in everything and b"sealed" not in everything


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


def test_strangers_and_others_cannot_ask_decide_or_look(
    client, as_alice, as_bob, as_charlie, as_sam, alice, charlie, sign_in
):
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
