"""`/client/security/sessions`, and the same for staff."""

import pytest

from app.features.sessions import service
from app.kernel import tenancy
from tests.sessions.factories import is_in, make_login

CLIENT, STAFF = "/client/security/sessions", "/admin/security/sessions"


@pytest.mark.parametrize(("who", "browser", "here"), [("alice", "as_alice", CLIENT), ("sam", "as_sam", STAFF)])
def test_the_page_shows_devices_and_ends_one(request, queries, who, browser, here):
    person, browser = request.getfixturevalue(who), request.getfixturevalue(browser)
    login, token = make_login(person, ip="203.0.113.9")
    with queries(max=8):
        text = browser.get(here).text
    assert "Safari on iPhone" in text
    assert "203.0.113.9" in text
    assert text.count("This device") == 1
    response = browser.post(f"{here}/{login.id}/end")
    assert (response.status_code, response.location) == (303, here)
    assert service.resolve(token) is None
    assert "Safari on iPhone is signed out." in browser.get(here).text


@pytest.mark.parametrize(("who", "browser", "here"), [("alice", "as_alice", CLIENT), ("sam", "as_sam", STAFF)])
def test_logging_out_everywhere_else(request, who, browser, here):
    person, browser = request.getfixturevalue(who), request.getfixturevalue(browser)
    tokens = [make_login(person)[1] for _ in range(2)]
    assert "Log out everywhere else" in browser.get(here).text
    assert browser.post(f"{here}/others/end").location == here
    assert {service.resolve(token) for token in tokens} == {None}
    text = browser.get(here).text
    assert "2 other devices signed out." in text
    assert "Log out everywhere else" not in text
    assert is_in(browser, here)


@pytest.mark.parametrize(("here", "mine", "others"), [(CLIENT, "as_alice", "as_sam"), (STAFF, "as_sam", "as_alice")])
def test_strangers(request, client, bob, charlie, other_tenant, here, mine, others):
    bobs, bobs_token = make_login(bob)
    with tenancy.as_tenant(other_tenant.id):
        charlies, _ = make_login(charlie)
    mine, others = request.getfixturevalue(mine), request.getfixturevalue(others)
    assert client.get(here).status_code == 303
    assert client.post(f"{here}/others/end").status_code == 303
    assert others.get(here).status_code == 403
    assert others.post(f"{here}/others/end").status_code == 403
    for login in (bobs, charlies):
        assert mine.post(f"{here}/{login.id}/end").status_code == 404
    assert mine.post(f"{here}/others/end", csrf=False).status_code == 403
    assert service.resolve(bobs_token) is not None
