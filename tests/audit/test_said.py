"""Histories speak of what happened in words, of actions that there are."""

from app.features.accounts.histories import history_of
from app.features.audit import service as audit
from app.features.audit.actions import ACTIONS
from app.features.audit.said import SAID, said
from app.kernel import db


def test_only_actions_that_there_are_have_words():
    assert SAID.keys() <= ACTIONS


def test_an_action_without_words_of_its_own_is_its_name_in_plain_letters():
    assert said("INVOICE_OVERDUE") == "Invoice overdue"
    assert said("SETUP_TASK_RELEASED") == "Task given back"


def test_a_history_tells_what_was_done_and_not_each_row_that_changed(alice):
    audit.record("RECORD_UPDATED", resource_type="customer", resource_id=alice.customer_id)
    audit.record("CUSTOMER_DETAILS_CHANGED", resource_type="customer", resource_id=alice.customer_id)
    db.session().flush()

    told = {entry.text for entry in history_of({"customer": [alice.customer_id]}, zone="UTC")}

    assert "Details changed" in told
    assert "Record updated" not in told
