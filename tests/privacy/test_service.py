"""Copies as they lie in the database, and what erasing leaves."""

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
from app.features.privacy.models import CUSTOMER, PERSON, TENANT, DataCopy, DataCopyPart
from app.features.provisioning import specimen as provisioning
from app.features.sessions.models import UserSession
from app.features.webhooks import specimen as webhooks
from app.features.webhooks.models import WebhookDelivery
from app.kernel import clock, db, tenancy
from app.kernel.access import Role
from app.kernel.errors import Conflict, NotFound
from app.kernel.terms import SearchTerm
from tests.accounts.factories import make_colleague
from tests.messages.factories import make_message
from tests.privacy.factories import fetched
from tests.support.cast import principal_of

pytestmark = pytest.mark.both_stores


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
    fetched(as_alice, alice)


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


def test_the_log_tells_no_more_from_where_somebody_tried_to_sign_in_as_them(client, alice):
    client.post("/sign-in", data={"email": alice.email, "password": "a wrong one"})
    client.post("/sign-in", data={"email": "nobody@example.com", "password": "a wrong one"})
    tries = sa.select(AuditLog).where(AuditLog.action == "USER_LOGIN_FAILED").order_by(AuditLog.position)
    known, unknown = db.session().scalars(tries)
    assert [audit.personal_part(row)["ip"] for row in (known, unknown)] == ["127.0.0.1", "127.0.0.1"]

    erasing.erase_person(alice.id)

    assert audit.personal_part(known) is None
    assert audit.personal_part(unknown)["ip"] == "127.0.0.1", "it is of nobody, and stays under the tenant's key"


def test_copies_that_were_made_of_them_go_too(alice, bob, sam):
    for who, kind, subject_id in (
        (alice, PERSON, alice.id), (sam, CUSTOMER, alice.customer_id), (bob, PERSON, bob.id),
    ):  # fmt: skip
        service.ask_copy(principal_of(who), kind, subject_id)
    tasks.make_copies()

    erasing.erase_customer(alice.customer_id)

    assert service.copies_for(principal_of(sam)) == []
    left = db.session().scalars(sa.select(DataCopy)).all()
    assert [copy.subject_id for copy in left] == [bob.id]
    assert set(db.session().scalars(sa.select(DataCopyPart.copy_id))) == {left[0].id}


def test_copies_of_their_whole_tenant_go_too_also_those_in_the_operators_house(olive, tenant, other_tenant, charlie):
    with tenancy.as_tenant(other_tenant.id):
        ted = make_colleague(Role.OWNER, "Ted")
        service.whole_tenant(principal_of(ted))
    service.ask_copy(principal_of(olive), TENANT, other_tenant.id)
    own = service.whole_tenant(principal_of(olive)).id
    tasks.make_copies()

    with tenancy.as_tenant(other_tenant.id):
        erasing.erase_customer(charlie.customer_id)
        assert service.copies_for(principal_of(ted)) == []

    assert [copy.id for copy in service.copies_for(principal_of(olive))] == [own]
    with tenancy.across_tenants("operator"):
        assert set(db.session().scalars(sa.select(DataCopyPart.copy_id))) == {own}


def test_every_table_says_whether_it_tells_of_anybody(tenant):
    said = {held.model.__tablename__ for held in HELD} | set(ABOUT_NOBODY)
    tables = {table.name for table in tenancy.tenant_tables()}

    assert tables - said == set(), "a room says in its personal.py what becomes of these; or held.ABOUT_NOBODY why not"
    assert set(ABOUT_NOBODY) - tables == set()
    assert {held.model.__tablename__ for held in HELD} & set(ABOUT_NOBODY) == set()


def test_nobody_finds_what_is_not_there(alice):
    with pytest.raises(NotFound):
        service.find_copy(principal_of(alice), alice.id)
    assert db.session().get(User, alice.id) is alice


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
