"""Somebody is invited by mail, comes in, and is shut out again while signed in: real processes, a real mail server."""

from tests.journeys.conftest import PASSWORD
from tests.journeys.test_sign_up import Visitor
from tests.support.mail import MailServer
from tests.support.panel import OWNER_EMAIL, OWNER_PASSWORD, Panel


def test_a_colleague_is_invited_comes_in_and_is_shut_out(panel: Panel, mail_server: MailServer) -> None:
    owner, ann = Visitor(panel), Visitor(panel)
    owner.send("/admin/sign-in", {"email": OWNER_EMAIL, "password": OWNER_PASSWORD})

    asked = owner.send(
        "/admin/staff/invitations",
        {"email": "ann@example.com", "role": "ADMIN"},
        form_at="/admin/staff/invitations/new",
    )
    assert (asked.status, asked.headers["Location"]) == (303, "/admin/staff"), asked
    known = owner.send(
        "/admin/staff/invitations",
        {"email": "ben@example.com", "role": "VIEWER"},
        form_at="/admin/staff/invitations/new",
    )
    assert known.status == 303

    (mail,) = [one for one in mail_server.wait(2) if one.to == ("ann@example.com",)]
    path = mail.link("/invitation").removeprefix(panel.url)
    assert ann.get(path).status == 200
    answer = ann.send(path, {"first_name": "Ann", "last_name": "New", "password": PASSWORD})
    assert (answer.status, answer.headers["Location"]) == (303, "/admin"), answer
    assert "Ann New" in ann.get("/admin/staff").text
    assert Visitor(panel).get(path).status == 410

    listed = owner.get("/admin/staff").text
    at = next(part for part in listed.split('href="') if part.startswith("/admin/staff/") and ">Ann New<" in part)
    at = at.partition('"')[0]
    assert owner.send(f"{at}/role", {"role": "VIEWER"}, form_at=at).status == 303
    assert ann.get("/admin/staff").status == 303  # signed out with the next request
    ann.send("/admin/sign-in", {"email": "ann@example.com", "password": PASSWORD})
    assert ann.get("/admin").status == 200
    assert ann.get("/admin/staff").status == 403
    assert owner.send(f"{at}/deactivation", {}, form_at=at).status == 303
    assert ann.get("/admin").status == 303
    refused = ann.send("/admin/sign-in", {"email": "ann@example.com", "password": PASSWORD})
    assert refused.status == 422
