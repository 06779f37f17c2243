"""`/api/v1/privacy`: copies by the browser's own login."""

import pytest

from app.features.privacy import service, tasks
from app.features.privacy.models import PERSON
from tests.support.cast import principal_of

pytestmark = pytest.mark.both_stores

HERE = "/api/v1/privacy/copies"


def test_a_copy_is_asked_for_watched_and_fetched(as_alice, alice):
    asked = as_alice.post(HERE, json={"of": "me"})
    assert asked.status_code == 202 and not asked.get_json()["isReady"]
    one = f"{HERE}/{asked.get_json()['id']}"
    assert as_alice.get(f"{one}/file").status_code == 409

    tasks.make_copies()

    assert as_alice.get(one).get_json()["isReady"]
    assert as_alice.get(f"{one}/file").data.startswith(b"PK")
    assert [copy["id"] for copy in as_alice.get(HERE).get_json()] == [asked.get_json()["id"]]


@pytest.mark.parametrize("body", [{"of": "tenant"}, {"of": "me", "subjectId": "1"}, {"kind": "person"}])
def test_nothing_else_can_be_asked_for(as_alice, body):
    assert as_alice.post(HERE, json=body).status_code == 422


def test_a_stranger_finds_no_copy(client, as_bob, as_charlie, as_sam, alice):
    copy = service.ask_copy(principal_of(alice), PERSON, alice.id)
    tasks.make_copies()

    assert client.get(HERE).status_code == 401
    for asked in (as_bob, as_charlie, as_sam):
        assert asked.get(f"{HERE}/{copy.id}").status_code == asked.get(f"{HERE}/{copy.id}/file").status_code == 404
        assert asked.get(HERE).get_json() == []
    assert as_sam.post(HERE, json={"of": "account"}).status_code == 403
