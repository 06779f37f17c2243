"""Ways in, over real mail: a sign-up on the marketing site, a forgotten password, an invitation that ends again."""

import re
from urllib.parse import urlencode

import pytest

from tests.journeys.conftest import PASSWORD, SIGN_UP, first_mail, person
from tests.support.mail import MailServer
from tests.support.panel import OWNER_EMAIL, OWNER_PASSWORD, Answer, Panel

pytestmark = pytest.mark.both_stores


def test_a_sign_up_on_the_marketing_site_becomes_a_customer_who_signs_in(panel: Panel, mail_server: MailServer) -> None:
    key = panel.api_key("marketing")

    answer = panel.post_json("/api/marketing-api/accounts/create", SIGN_UP, X_API_Key=key, Idempotency_Key="first-try")

    assert answer.status == 201, answer
    assert answer.json["success"] is True
    made = answer.json["data"]
    assert set(made) == {
        "customerId", "userId", "orderId", "subscriptionId", "invoiceId", "resetToken", "setPasswordUrl",
    }  # fmt: skip
    assert made["setPasswordUrl"] == f"{panel.url}/set-password?token={made['resetToken']}"

    again = panel.post_json("/api/marketing-api/accounts/create", SIGN_UP, X_API_Key=key, Idempotency_Key="first-try")
    assert (again.status, again.json) == (201, answer.json)

    mail = mail_server.wait(1)[0]
    assert mail.to == ("customer@example.com",)
    assert "John" in mail.text and "John" in mail.html
    assert mail.link("/set-password") == made["setPasswordUrl"]

    visitor = Visitor(panel)
    path = made["setPasswordUrl"].removeprefix(panel.url)
    assert visitor.get(path).status == 200
    answer = visitor.send(path, {"password": PASSWORD, "confirmation": PASSWORD})
    assert answer.status == 303, answer
    home = visitor.get("/client")
    assert home.status == 200
    assert "Starter" in home.text and "39.92" in home.text

    devices = visitor.get("/client/security/sessions")
    assert devices.status == 200 and "This device" in devices.text

    assert visitor.send("/sign-out", {}, form_at="/client").status == 303
    assert visitor.get("/client").status == 303

    signed_in = visitor.send("/sign-in", {"email": "Customer@Example.com", "password": PASSWORD})
    assert signed_in.status == 303, signed_in
    assert visitor.get("/client").status == 200
    assert [mail.to for mail in mail_server.mails].count(("customer@example.com",)) == len(mail_server.mails)


def test_a_forgotten_password_is_reset_by_mail(panel: Panel, mail_server: MailServer) -> None:
    key = panel.api_key("marketing")
    panel.post_json("/api/marketing-api/accounts/create", person("forgetful"), X_API_Key=key)
    first_mail(mail_server, "forgetful@example.com")
    mail_server.clear()
    visitor = Visitor(panel)

    asked = visitor.send("/reset-password", {"email": "forgetful@example.com"})

    assert asked.status in {200, 303}
    link = first_mail(mail_server, "forgetful@example.com").link("/set-password")
    path = link.removeprefix(panel.url)
    assert visitor.send(path, {"password": PASSWORD, "confirmation": PASSWORD}).status == 303
    assert visitor.get("/client").status == 200


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

    mail = first_mail(mail_server, "ann@example.com")
    assert len(mail_server.to("ann@example.com")) == 1
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


class Visitor:
    """A browser without JavaScript: keeps cookies, sends the token of the form it saw."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Answer:
        """Look at a page."""
        return self._ask("GET", path, None)

    def send(self, path: str, fields: dict[str, str], *, form_at: str | None = None) -> Answer:
        """Fill in the form at `form_at` (by default at the same address) and send it."""
        page = self.get(form_at or path)
        hidden = dict(re.findall(r'<input id="\w+" name="(\w+)" type="hidden" value="([^"]*)">', page.text))
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
        assert token is not None, f"no form at {form_at or path}: {page.text[:1000]}"
        body = urlencode({**hidden, **fields, "csrf_token": token[1]}).encode()
        return self._ask("POST", path.partition("?")[0], body)

    def _ask(self, method: str, path: str, body: bytes | None) -> Answer:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = self.panel.ask(method, path, body=body, headers=headers)
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        return answer
