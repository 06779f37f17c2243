"""Forty marked secrets go through the house by its own ways; none stands in a log of it, nor in what is kept of logs."""

import io
from collections.abc import Iterator
from itertools import count

import pytest
import sqlalchemy as sa

from app.features.accounts import links
from app.features.accounts.models import User
from app.features.api_keys import service as api_keys
from app.features.audit import anchors, sealing, service
from app.features.audit.models import AuditLog, PersonKey
from app.features.tenants import service as tenants
from app.kernel import buffer, crypto, db, logs, tenancy

MARK = "Mk7"
CARDS = ("4111 1111 1111 1111", "5500-0055-5555-5559", "340000000000009")


class Secrets:
    """Hands out marked words and remembers them."""

    def __init__(self) -> None:
        self.all: list[str] = list(CARDS)
        self._numbers = count(1)

    def __call__(self, begin: str = "") -> str:
        found = f"{begin}{MARK}Quaggasecret{next(self._numbers):02d}Zebra{'x' * 20}"
        self.all.append(found)
        return found

    def take(self, word: str) -> str:
        """One that the house made itself."""
        self.all.append(word)
        return word


@pytest.fixture
def secret() -> Secrets:
    return Secrets()


@pytest.fixture
def lines(panel_app: object) -> Iterator[io.StringIO]:
    """What the process logs meanwhile."""
    stream = io.StringIO()
    logs.configure(level="INFO", stream=stream)
    yield stream
    logs.configure(level="INFO")


def test_no_secret_stands_in_the_log_its_seals_its_anchors_or_the_log_of_requests(
    unit, tenant, as_olive, olive, alice, client, secret, lines, tmp_path, monkeypatch
):
    monkeypatch.setattr(anchors, "path", lambda: tmp_path / anchors.NAME)
    _settings(as_olive, client, secret)
    _keys_and_links(alice, secret)
    _headers(as_olive, client, secret)
    _verbs(alice, secret)
    buffer.flush()
    service.write_out()
    monkeypatch.setattr(sealing, "settled_position", lambda: sealing.EVERYTHING)
    sealing.seal(sealing.EVERYTHING)

    assert len(secret.all) >= 40
    text = "\n".join((_rows(), lines.getvalue(), anchors.path().read_text(), _opened()))
    assert "tenant" in lines.getvalue()
    assert "password" in _rows()  # that it was set is told
    assert [word for word in secret.all if word in text or word.replace(" ", "") in text] == []


def _settings(as_olive, client, secret: Secrets) -> None:
    """Mail server, webhooks, passwords."""
    as_olive.post(
        "/admin/settings/mail",
        data={"host": "smtp.example.com", "port": "587", "encryption": "starttls", "user": "p", "password": secret()},
    )
    as_olive.post("/admin/settings/callback-secret")
    secret.take(tenants.callback_secret())
    _key, mine = api_keys.create("Hooks", scopes=["webhook"])
    secret.take(mine)
    for headers in ({"Authorization": f"Bearer {secret()}"}, {"X-Api-Key": secret()}, {"X-Shop": secret()}):
        hook = {"url": f"https://93.184.216.34/{len(secret.all)}", "events": ["order.created"], "headers": headers}
        made = client.post("/api/marketing-api/webhooks/register", json=hook, headers={"X-API-Key": mine})
        assert made.status_code == 201, made.text
        secret.take(made.json["data"]["secret"])


def _keys_and_links(alice: User, secret: Secrets) -> None:
    """Keys, and links that let somebody in."""
    for name in ("Site", "Shop", "App"):
        _row, made = api_keys.create(name)
        secret.take(made)
    for _ in range(3):
        secret.take(links.link_token(links.start_password_link(alice, "reset")))


def _headers(as_olive, client, secret: Secrets) -> None:
    """What programs and browsers send along."""
    for headers in (
        {"Authorization": f"Bearer {secret()}"},
        {"Authorization": f"Basic {secret()}"},
        {"Cookie": f"mpanel={secret()}"},
        {"X-API-Key": secret("mk_")},
        {"X-API-Key": secret("mpanel_")},
        {"X-CSRF-Token": secret()},
        {"Idempotency-Key": "plain", "User-Agent": f"x token={secret()}"},
        {"Referer": f"https://portal.example/set-password?token={secret()}"},
        {"X-Request-Id": f"token={secret()}"},
    ):
        client.get("/api/sessions", headers=headers)
        as_olive.get("/api/sessions", headers=headers)
    for path in ("/set-password", "/api/nothing", "/reset-password"):
        client.get(f"{path}?token={secret()}")
    client.post("/sign-in", data={"email": "alice@acme.example", "password": secret()})


def _verbs(alice: User, secret: Secrets) -> None:
    """What a careless verb says."""
    with db.session().begin_nested():
        alice.password_hash = crypto.hash_password(secret())
    service.record(
        "SETTINGS_CHANGED", resource_type="tenant", resource_id=tenancy.current(),
        before={"smtp_url": f"smtp://panel:{secret()}@mail.example:587", "note": f"password={secret()}"},
        after={
            "smtpPassword": secret(), "api_key": secret("mk_"), "totp": secret(), "recovery_codes": [secret()],
            "deep": {"list": [{"webhook_secret": secret("whsec_")}]}, "free": f"the key is {secret('mpanel_')}",
            "link": f"https://portal.example/set-password?token={secret()}", "headers": f"Cookie: sid={secret()}",
            "said": f"paid with {CARDS[0]}", "numbers": list(CARDS[1:]), "raw": secret().encode(),
        },
        personal={"authorization": f"Bearer {secret()}"},
    )  # fmt: skip
    logs.problem(
        "a careless line", password=secret(), url=f"https://x:{secret()}@example.com", text=f"token={secret()}"
    )


def _rows() -> str:
    """Every row of every log, as it stands."""
    told = []
    for table in ("audit_logs", "audit_seals", "api_activity_logs"):
        found = db.session().connection().exec_driver_sql(f"SELECT * FROM {table}").all()
        told += [repr(row) for row in found]
    return "\n".join(told)


def _opened() -> str:
    """What is personal, opened."""
    rows = db.session().scalars(sa.select(AuditLog)).all()
    assert db.session().scalars(sa.select(PersonKey)).first() is not None
    return "\n".join(repr(service.personal_part(row)) for row in rows)
