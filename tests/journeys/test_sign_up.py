"""The main job: a sign-up on the marketing site becomes a customer who signs in."""

import re
from urllib.parse import urlencode

import pytest

from tests.journeys.conftest import PASSWORD, SIGN_UP
from tests.support.mail import MailServer
from tests.support.panel import Answer, Panel

pytestmark = pytest.mark.both_stores


def test_a_sign_up_on_the_marketing_site_becomes_a_customer_who_signs_in(house: Panel, mail_server: MailServer) -> None:
    key = house.api_key("marketing")

    answer = house.post_json("/api/marketing-api/accounts/create", SIGN_UP, X_API_Key=key, Idempotency_Key="first-try")

    assert answer.status == 201, answer
    assert answer.json["success"] is True
    made = answer.json["data"]
    assert set(made) == {
        "customerId", "userId", "orderId", "subscriptionId", "invoiceId", "resetToken", "setPasswordUrl",
    }  # fmt: skip
    assert made["setPasswordUrl"] == f"{house.url}/set-password?token={made['resetToken']}"

    again = house.post_json("/api/marketing-api/accounts/create", SIGN_UP, X_API_Key=key, Idempotency_Key="first-try")
    assert (again.status, again.json) == (201, answer.json)

    mail = mail_server.wait(1)[0]
    assert mail.to == ("customer@example.com",)
    assert "John" in mail.text and "John" in mail.html
    assert mail.link("/set-password") == made["setPasswordUrl"]

    person = Visitor(house)
    path = made["setPasswordUrl"].removeprefix(house.url)
    assert person.get(path).status == 200
    answer = person.send(path, {"password": PASSWORD, "confirmation": PASSWORD})
    assert answer.status == 303, answer
    home = person.get("/client")
    assert home.status == 200
    assert "Starter" in home.text and "39.92" in home.text

    devices = person.get("/client/security/sessions")
    assert devices.status == 200 and "This device" in devices.text

    assert person.send("/sign-out", {}, form_at="/client").status == 303
    assert person.get("/client").status == 303

    signed_in = person.send("/sign-in", {"email": "Customer@Example.com", "password": PASSWORD})
    assert signed_in.status == 303, signed_in
    assert person.get("/client").status == 200
    assert [mail.to for mail in mail_server.mails].count(("customer@example.com",)) == len(mail_server.mails)


def test_a_forgotten_password_is_reset_by_mail(house: Panel, mail_server: MailServer) -> None:
    key = house.api_key("marketing")
    house.post_json("/api/marketing-api/accounts/create", SIGN_UP, X_API_Key=key)
    mail_server.wait(1)
    mail_server.clear()
    person = Visitor(house)

    asked = person.send("/reset-password", {"email": "customer@example.com"})

    assert asked.status in {200, 303}
    link = mail_server.wait(1)[0].link("/set-password")
    path = link.removeprefix(house.url)
    assert person.send(path, {"password": PASSWORD, "confirmation": PASSWORD}).status == 303
    assert person.get("/client").status == 200


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
