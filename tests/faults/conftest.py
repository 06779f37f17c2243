"""What the fault tests share: looking into a running panel's database from outside, and many keys at once."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest
import sqlalchemy as sa

from app.features.api_keys import service as api_keys
from app.kernel import db
from tests.support.mail import MailServer
from tests.support.panel import Panel, install
from tests.support.receiver import ALLOW
from tests.support.stores import Stores

SIGN_UP = {"firstName": "Ada", "lastName": "Byron", "planId": "shared-starter", "billingCycle": "monthly"}
WHOLE = {
    "customers": "SELECT count(*) FROM customers",
    "users": "SELECT count(*) FROM users WHERE customer_id IS NOT NULL",
    "orders": "SELECT count(*) FROM orders",
    "subscriptions": "SELECT count(*) FROM subscriptions",
    "invoices": "SELECT count(*) FROM invoices WHERE number IS NOT NULL",
    "ledger entries": "SELECT count(*) FROM ledger_entries",
    "welcome mails": "SELECT count(*) FROM email_queue WHERE template = 'welcome'",
    "audit rows": "SELECT count(*) FROM audit_logs WHERE action = 'CUSTOMER_CREATED'",
}
"""What one sign-up writes: all of it or nothing."""


@pytest.fixture(scope="module")
def mail_server() -> Iterator[MailServer]:
    """The mail server of a whole file."""
    found = MailServer()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def panel(stores: Stores, store: str, mail_server: MailServer) -> Iterator[Panel]:
    """The installation of a whole file, which its first test starts."""
    mail_server.clear()
    found = install(stores, store, SMTP_URL=mail_server.url, WEBHOOK_ALLOW_NETWORKS=ALLOW)
    yield found
    found.remove()
    stores.drop(found.database_url)


@contextmanager
def looking_into(panel: Panel) -> Iterator[sa.Connection]:
    """The panel's database, over all tenants."""
    engine = db.make_engine(panel.database_url)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SELECT set_config('mpanel.across', 'on', false)")
            yield connection
    finally:
        engine.dispose()


def counts(panel: Panel) -> dict[str, int]:
    """How many of each thing there are."""
    with looking_into(panel) as connection:
        return {name: int(connection.exec_driver_sql(query).scalar_one()) for name, query in WHOLE.items()}


def make_keys(panel: Panel, count: int) -> list[str]:
    """Keys of the first tenant, made in one go."""
    with panel.inside():
        return [api_keys.create(f"site {number}", scopes=["marketing"])[1] for number in range(count)]


def web_processes(panel: Panel) -> list[psutil.Process]:
    """The processes of the panel that hold its listening socket, but for the supervisor."""
    assert panel.process is not None
    found = []
    for child in psutil.Process(panel.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # or a zombie: killed a moment ago
            if "web" in child.cmdline():
                found.append(child)
    return found
