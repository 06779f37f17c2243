"""`/api/sessions`, and strangers at it."""

import sqlalchemy as sa

from app.features.sessions import service
from app.features.sessions.models import UserSession
from app.kernel import db, tenancy
from app.kernel.access import Role
from tests.accounts.factories import make_colleague
from tests.sessions.factories import SAFARI, is_in, make_login


def test_the_list_shows_ones_own_devices(as_alice, alice, bob):
    make_login(alice, user_agent=SAFARI, ip="203.0.113.9")
    make_login(bob)
    found = as_alice.get("/api/sessions").json
    assert [(row["device"], row["isCurrent"]) for row in found] == [
        ("Firefox on Linux", True),
        ("Safari on iPhone", False),
    ]
    assert found[1]["ip"] == "203.0.113.9"
    assert not {"tokenHash", "token", "csrfSecret", "csrf_secret"} & set(found[0])


def test_ending_another_device(as_alice, alice):
    login, token = make_login(alice)
    assert as_alice.delete(f"/api/sessions/{login.id}").status_code == 204
    assert service.resolve(token) is None
    assert is_in(as_alice)
    assert as_alice.delete(f"/api/sessions/{login.id}").status_code == 404


def test_ending_the_present_one_signs_out(as_alice, alice):
    present = db.session().scalars(sa.select(UserSession.id).where(UserSession.user_id == alice.id)).one()
    assert as_alice.delete(f"/api/sessions/{present}").status_code == 204
    assert as_alice.get("/api/sessions").status_code == 401


def test_somebody_elses_login_is_a_404_word_for_word(as_alice, bob, charlie, other_tenant):
    bobs, bobs_token = make_login(bob)
    with tenancy.as_tenant(other_tenant.id):
        charlies, _ = make_login(charlie)
    answers = []
    for login_id in (bobs.id, charlies.id, "01a1fde9-0000-7000-8000-000000000000"):
        response = as_alice.delete(f"/api/sessions/{login_id}")
        answers.append((response.status_code, {**response.json, "request_id": ""}))
    assert answers[0][0] == 404
    assert answers[0] == answers[1] == answers[2]
    assert service.resolve(bobs_token) is not None


def test_everything_but_the_present_one(as_alice, alice):
    make_login(alice)
    make_login(alice)
    assert as_alice.delete("/api/sessions/all/except-current").json == {"ended": 2}
    assert len(as_alice.get("/api/sessions").json) == 1


def test_figures_for_staff(as_sam, as_alice, alice):
    make_login(alice, user_agent=SAFARI)
    assert as_sam.get("/api/sessions/admin/stats").json == {
        "activeSessions": 3, "people": 2, "staff": 1, "customers": 1, "signedInLastDay": 3,
        "byDeviceType": {"desktop": 2, "mobile": 1},
    }  # fmt: skip


def test_strangers(client, as_alice, as_bob, sign_in):
    for method, path in (
        ("GET", ""), ("DELETE", "/all/except-current"), ("GET", "/admin/stats"), ("DELETE", "/01a1fde9-0000-7000-8000-000000000000"),
    ):  # fmt: skip
        assert client.open(f"/api/sessions{path}", method=method).status_code in {401, 403}
    assert as_alice.get("/api/sessions/admin/stats").status_code == 403
    assert sign_in(make_colleague(Role.BILLING)).get("/api/sessions/admin/stats").status_code == 403
    assert as_alice.delete("/api/sessions/all/except-current", csrf=False).status_code == 403
