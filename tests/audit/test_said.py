"""Histories speak of what happened in words, of actions that there are."""

from app.features.audit.actions import ACTIONS
from app.features.audit.said import SAID, said


def test_only_actions_that_there_are_have_words():
    assert SAID.keys() <= ACTIONS


def test_an_action_without_words_of_its_own_is_its_name_in_plain_letters():
    assert said("INVOICE_OVERDUE") == "Invoice overdue"
    assert said("SETUP_TASK_RELEASED") == "Task given back"
