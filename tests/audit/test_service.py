"""The audit log: written once, personal parts sealed per person, secrets never."""

import ast
import importlib
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.features.accounts.events import UserCreated
from app.features.accounts.models import User
from app.features.audit import keys, masking, service, specimen
from app.features.audit.models import AuditLog, PersonKey
from app.features.audit.service import ACTIONS, UnknownAction
from app.features.tenants.models import Tenant
from app.kernel import crypto, db, events, tenancy
from app.kernel.access import Actor, acting
from app.kernel.ids import new_id

APP = Path(__file__).parents[2] / "app"
SAM = Actor(user_id=new_id(), name="Sam Okafor", ip="192.0.2.7", user_agent="Firefox/150", request_id="req-1")


def newest() -> AuditLog:
    db.session().flush()
    return db.session().scalars(sa.select(AuditLog).order_by(AuditLog.id.desc()).limit(1)).one()


@pytest.mark.both_stores
def test_a_row_holds_ids_in_plain_and_everything_personal_only_encrypted(tenant: Tenant) -> None:
    customer_id = new_id()
    with acting(SAM):
        service.record(
            "CUSTOMER_UPDATED",
            resource_type="customer",
            resource_id=customer_id,
            before={"email": "old@acme.example", "status": "active"},
            after={"email": "new@acme.example", "status": "closed"},
            person_id=customer_id,
        )

    row = newest()
    assert (row.actor_user_id, row.action, row.resource_id) == (SAM.user_id, "CUSTOMER_UPDATED", customer_id)
    assert (row.state_before, row.state_after) == ({"status": "active"}, {"status": "closed"})
    stored = repr([getattr(row, column.key) for column in AuditLog.__table__.columns])
    assert not any(secret in stored for secret in ("acme.example", "192.0.2.7", "Okafor", "Firefox"))
    assert service.personal_part(row) == {
        "actor": "Sam Okafor",
        "ip": "192.0.2.7",
        "user_agent": "Firefox/150",
        "before": {"email": "old@acme.example"},
        "after": {"email": "new@acme.example"},
    }


def test_every_event_is_logged_with_its_personal_fields_sealed_for_the_one_it_is_about(tenant: Tenant) -> None:
    user_id = new_id()

    events.publish(UserCreated(user_id, "alice@acme.example", None, "owner"))

    row = newest()
    assert (row.action, row.resource_type, row.resource_id) == ("USER_CREATED", "user", user_id)
    assert row.state_after == {"userId": str(user_id), "customerId": None, "role": "owner"}
    key = db.session().get_one(PersonKey, row.personal_key_id)
    assert key.person_id == user_id
    assert (row.severity, row.is_gdpr) == ("info", True)


def test_one_person_has_one_key_and_erasing_it_leaves_rows_nobody_can_read(tenant: Tenant) -> None:
    with acting(SAM):
        service.record("USER_LOGOUT", resource_type="user", resource_id=SAM.user_id)
        service.record("USER_LOGOUT", resource_type="user", resource_id=SAM.user_id)
    first, second = db.session().scalars(sa.select(AuditLog).order_by(AuditLog.id.desc()).limit(2))
    assert first.personal_key_id == second.personal_key_id

    db.session().get_one(PersonKey, first.personal_key_id).sealed_key = None
    db.session().info.pop("person_keys")
    keys.forget()

    assert service.personal_part(first) is None
    with acting(SAM):
        service.record("USER_LOGOUT", resource_type="user", resource_id=SAM.user_id)
    assert newest().personal is None


def test_a_personal_part_does_not_fit_another_row(tenant: Tenant) -> None:
    with acting(SAM):
        service.record("USER_LOGOUT", resource_type="user", resource_id=SAM.user_id)
    row = newest()
    assert row.personal is not None
    secret = keys.unsealed(db.session().get_one(PersonKey, row.personal_key_id))
    assert secret is not None

    with pytest.raises(Exception, match=r"^$"):
        crypto.decrypt(secret, row.personal, new_id().bytes)


@pytest.mark.both_stores
@pytest.mark.parametrize("statement", ["UPDATE audit_logs SET severity = 'debug'", "DELETE FROM audit_logs"])
def test_the_database_itself_refuses_to_change_the_log(tenant: Tenant, statement: str) -> None:
    service.record("JOB_RUN", resource_type="job", resource_id=None)
    db.session().flush()

    with pytest.raises(sa.exc.DBAPIError, match="never changed"), db.session().begin_nested():
        db.session().execute(tenancy.named(sa.text(statement), "the test tries it"))


@pytest.mark.only_store("postgresql")
def test_postgresql_refuses_to_empty_the_log(tenant: Tenant) -> None:
    with pytest.raises(sa.exc.DBAPIError), db.session().begin_nested():
        db.session().execute(tenancy.named(sa.text("TRUNCATE audit_logs"), "the test tries it"))


def test_secrets_are_masked_wherever_they_stand() -> None:
    plain, personal = masking.split(
        {
            "passwordHash": "$argon2id$...",
            "reset_token": "abc",
            "token_id": "an id",
            "settings": {"smtpPassword": "hunter2", "host": "mail.example"},
            "firstName": "Alice",
        }
    )

    assert plain == {
        "passwordHash": masking.MASK,
        "reset_token": masking.MASK,
        "token_id": "an id",
        "settings": {"smtpPassword": masking.MASK, "host": "mail.example"},
    }
    assert personal == {"firstName": "Alice"}


def test_only_what_is_on_the_list_can_be_logged(tenant: Tenant) -> None:
    assert len(ACTIONS) >= 40
    assert {"USER_LOGIN", "INVOICE_PAID", "WEBSITE_DEPLOYED", "SERVER_RESTARTED"} <= ACTIONS
    with pytest.raises(UnknownAction):
        service.record("SOMETHING_ELSE", resource_type="user", resource_id=None)


def test_every_event_and_every_call_in_the_house_is_on_the_list() -> None:
    for path in APP.glob("features/*/events.py"):
        importlib.import_module(f"app.features.{path.parent.name}.events")
    assert {name.upper().replace(".", "_") for name in events.REGISTRY} - _of_tests() <= ACTIONS

    called = {action for path in APP.rglob("*.py") for action in _recorded(path)}
    assert len(called) >= 5
    assert called <= ACTIONS


def _of_tests() -> set[str]:
    return {
        name.upper().replace(".", "_")
        for name, event in events.REGISTRY.items()
        if not event.__module__.startswith("app.")
    }


def _recorded(path: Path) -> list[str]:
    """The actions that are named in calls of `audit.record` in one file."""
    text = path.read_text()
    if ".record(" not in text:
        return []  # reading every file as Python takes ten seconds
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    named = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "record"]
    firsts = [call.args[0] for call in named if call.args]
    return [first.value for first in firsts if isinstance(first, ast.Constant) and isinstance(first.value, str)]


def test_the_keys_of_two_tenants_are_two(tenant: Tenant, other_tenant: Tenant) -> None:
    person_id = new_id()
    service.record("USER_LOGOUT", resource_type="user", resource_id=person_id, person_id=person_id)
    here = newest().personal_key_id

    with tenancy.as_tenant(other_tenant.id):
        service.record("USER_LOGOUT", resource_type="user", resource_id=person_id, person_id=person_id)
        assert newest().personal_key_id != here


def test_the_specimen_is_one_row_of_its_person(tenant: Tenant, alice: User) -> None:
    row = specimen.make(alice.id)

    assert db.session().get_one(PersonKey, row.personal_key_id).person_id == alice.id


def test_a_staff_member_of_one_house_cannot_read_the_log_of_another(tenant: Tenant, charlie: User) -> None:
    assert not db.session().scalars(sa.select(AuditLog).where(AuditLog.resource_id == charlie.id)).all()
