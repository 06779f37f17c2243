"""`/admin/security/sessions`: a colleague's logins are as much out of reach as a stranger's."""

from app.features.sessions import service
from tests.sessions.factories import make_login

HERE = "/admin/security/sessions"


def test_a_strangers_login_is_not_found_even_by_the_owner(as_olive, olive, sam, alice):
    for person in (sam, alice):
        login, token = make_login(person)

        assert as_olive.post(f"{HERE}/{login.id}/end").status_code == 404
        assert service.resolve(token) is not None


def test_ending_the_present_login_signs_out(as_olive, olive):
    here = as_olive.get("/api/sessions").get_json()[0]["id"]

    assert as_olive.post(f"{HERE}/{here}/end").status_code == 303
    assert as_olive.get(HERE).status_code == 303
