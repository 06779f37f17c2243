"""What the journeys share: one running installation a file and store, as people would run it there."""

from collections.abc import Iterator

import pytest

from app.setup import SAMPLE
from tests.support import processes
from tests.support.mail import Mail, MailServer
from tests.support.panel import Panel, install
from tests.support.receiver import ALLOW
from tests.support.redis import Redis
from tests.support.stores import Stores

SIGN_UP = SAMPLE
"""What `make run` prints as its example."""
PASSWORD = "seven sleepy otters 42"


@pytest.fixture(scope="module")
def post() -> Iterator[MailServer]:
    """The mail server of a whole file."""
    found = MailServer()
    yield found
    found.stop()


@pytest.fixture
def mail_server(post: MailServer) -> MailServer:
    """A real one. A late mail of the journey before may come in: see `first_mail`."""
    post.clear()
    return post


@pytest.fixture(scope="module")
def panel(stores: Stores, store: str, post: MailServer, request: pytest.FixtureRequest) -> Iterator[Panel]:
    """SQLite with the embedded worker, or PostgreSQL with Redis; both with a mail server. May talk to a receiver."""
    environment = {"SMTP_URL": post.url, "WEBHOOK_ALLOW_NETWORKS": ALLOW}
    if store == "postgresql":
        redis: Redis = request.getfixturevalue("redis_server")
        environment["REDIS_URL"] = redis.url
    found = install(stores, store, **environment).start()
    yield found
    found.remove()
    stores.drop(found.database_url)


def person(name: str) -> dict[str, object]:
    """The example's sign-up, of somebody else: `name@example.com`."""
    return {**SIGN_UP, "email": f"{name}@example.com"}


def first_mail(mail_server: MailServer, address: str) -> Mail:
    """Wait for a mail to `address`, and return the first."""
    processes.wait_for(lambda: bool(mail_server.to(address)), what=f"a mail to {address}")
    return mail_server.to(address)[0]
