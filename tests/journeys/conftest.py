"""What the journeys share: a running installation on each store, as people would run it there."""

import pytest

from app.setup import SAMPLE
from tests.support.mail import MailServer
from tests.support.panel import Panel, PanelMaker
from tests.support.redis import Redis

SIGN_UP = SAMPLE
"""What `make run` prints as its example."""
PASSWORD = "seven sleepy otters 42"


@pytest.fixture
def house(make_panel: PanelMaker, mail_server: MailServer, store: str, request: pytest.FixtureRequest) -> Panel:
    """SQLite with the embedded worker, or PostgreSQL with Redis; both with a real mail server."""
    environment = {"SMTP_URL": mail_server.url}
    if store == "postgresql":
        redis: Redis = request.getfixturevalue("redis_server")
        environment["REDIS_URL"] = redis.url
    return make_panel(**environment).start()
