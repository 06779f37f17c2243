"""Histories speak of what happened in words, of actions that there are."""

import sqlalchemy as sa

from app.features.accounts import service as accounts
from app.features.accounts.histories import history_of
from app.features.accounts.models import Customer
from app.features.audit import service as audit
from app.features.audit.actions import ACTIONS
from app.features.audit.models import AuditLog
from app.features.audit.said import SAID, said
from app.kernel import db, tenancy
from tests.webhooks.drills import make_tenant


def test_only_actions_that_there_are_have_words():
    assert SAID.keys() <= ACTIONS


def test_an_action_without_words_of_its_own_is_its_name_in_plain_letters():
    assert said("INVOICE_OVERDUE") == "Invoice overdue"
    assert said("SETUP_TASK_RELEASED") == "Task given back"


def test_a_history_tells_what_was_done_and_not_each_row_that_changed(panel_app, fresh_engine):
    house = make_tenant()
    with tenancy.as_tenant(house), db.transaction():
        customer, _user = accounts.register(email="ada@example.com", first_name="Ada", last_name="Byron")
        audit.record("CUSTOMER_DETAILS_CHANGED", resource_type="customer", resource_id=customer.id)
    with tenancy.as_tenant(house), db.transaction() as session:
        session.get_one(Customer, customer.id).city = "Elsewhere"

    with tenancy.as_tenant(house), db.transaction(write=False) as session:
        kept = set(session.scalars(sa.select(AuditLog.action).where(AuditLog.resource_id == customer.id)))
        told = {entry.text for entry in history_of({"customer": [customer.id]}, zone="UTC")}

    assert "RECORD_UPDATED" in kept
    assert "Details changed" in told
    assert said("RECORD_UPDATED") not in told
