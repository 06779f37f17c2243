"""Logins, made through the service, and what is sent to sign in."""

from typing import Any

from app.features.accounts.models import User
from app.features.sessions import service
from app.features.sessions.models import UserSession
from app.kernel import db
from tests.accounts.factories import PASSWORD
from tests.support.clients import PanelClient

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)


def make_login(user: User, *, user_agent: str = SAFARI, ip: str = "203.0.113.9") -> tuple[UserSession, str]:
    """Another login of `user`, and its token."""
    login, token = service.start(user, ip=ip, user_agent=user_agent)
    db.session().flush()
    return login, token


def sign_in(
    client: PanelClient,
    email: str,
    password: str = PASSWORD,
    *,
    door: str = "/sign-in",
    ip: str = "127.0.0.1",
    **more: Any,
):
    """What the form sends, from an address."""
    return client.post(
        door, data={"email": email, "password": password, **more}, environ_base={"REMOTE_ADDR": ip},
        headers={"User-Agent": FIREFOX},
    )  # fmt: skip


def is_in(client: PanelClient, home: str = "/client/security/sessions") -> bool:
    """Whether this browser is signed in."""
    return client.get(home).status_code == 200
