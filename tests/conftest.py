"""What every test may ask for. See `tests/support` for how it is done.

Two kinds of tests. A `unit` test names `unit`, or anything that stands on it
(`tenant`, `client`, `as_alice`): it runs in one transaction that is rolled
back, with time stopped at NOW. A `live` test names `panel` or `make_panel`:
real processes over HTTP on a database of their own.
"""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from hypothesis import HealthCheck, settings

from app import create_app
from app.config import load
from app.features.audit.unit import Strict
from app.kernel import aftermath, buffer, crypto, db, limits
from app.kernel.db import PanelSession
from tests.support import network
from tests.support.counting import Queries
from tests.support.mail import MailServer
from tests.support.panel import KEY, Panel, PanelMaker
from tests.support.redis import Redis
from tests.support.stores import KINDS, ROOT, Stores

pytest_plugins = ["tests.support.cast", "tests.support.browser"]

settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")  # how fast examples are made on a busy machine is no promise

NOW = datetime(2026, 11, 20, 13, 22, tzinfo=UTC)
"""When unit tests happen."""

NEEDS = {
    "needs_chromium": (lambda: shutil.which("chromium") is not None, "apt-get install chromium"),
    "needs_node": (lambda: shutil.which("node") is not None, "apt-get install nodejs"),
    "needs_nginx": (lambda: shutil.which("nginx") is not None, "apt-get install nginx-light"),
    "needs_shared_data": (lambda: (ROOT.parent / "shared").is_dir(), "put the folder shared/ beside the project"),
}
LIVE = {"panel", "make_panel"}
LENGTHS = {"needs_chromium": 3, "live": 2, "slow": 1}
"""By mark: how long a test takes beside others."""
IN_CI = os.environ.get("CI") == "true"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--soak` runs the long fault tests under tests/soak."""
    parser.addoption("--soak", action="store_true", help="run the long fault tests")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave tests/soak alone unless it is asked for."""
    return True if collection_path.name == "soak" and not config.getoption("--soak") else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test on SQLite, on both stores when marked `both_stores`, on one when marked `only_store`."""
    if "store" not in metafunc.fixturenames:
        return
    both, only = (metafunc.definition.get_closest_marker(name) for name in ("both_stores", "only_store"))
    kinds = only.args if only is not None else KINDS if both is not None else KINDS[:1]
    metafunc.parametrize("store", kinds, indirect=True, scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the two kinds of tests, and begin with the files that take long, so that none of them is the last."""
    longest: dict[Path, int] = {}
    for item in items:
        is_live = LIVE & set(getattr(item, "fixturenames", ()))
        item.add_marker(pytest.mark.live if is_live else pytest.mark.unit)
        marks = {mark.name for mark in item.iter_markers()}
        longest[item.path] = max(longest.get(item.path, 0), *(LENGTHS.get(mark, 0) for mark in marks))
    items.sort(key=lambda item: -longest[item.path])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip by name what this machine cannot run; in CI that is a failure, but for shared data."""
    for name, (is_there, advice) in NEEDS.items():
        if item.get_closest_marker(name) is None or is_there():
            continue
        if IN_CI and name != "needs_shared_data":
            pytest.fail(f"{name}: {advice}")
        pytest.skip(f"{name}: {advice}")


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    lift = network.forbid()
    yield
    lift()


@pytest.fixture(scope="session")
def stores() -> Iterator[Stores]:
    """Databases by the copy: `stores.fresh("postgresql")` is the URL of a migrated, empty one."""
    found = Stores()
    yield found
    found.close()


@pytest.fixture(scope="session")
def store(request: pytest.FixtureRequest) -> str:
    """`sqlite` or `postgresql`. Mark a test `both_stores` to run it on each."""
    return str(getattr(request, "param", KINDS[0]))


@pytest.fixture(scope="session")
def _unit_engine(stores: Stores, store: str) -> Iterator[sa.Engine]:
    crypto.configure(KEY)  # whatever is written is logged, and what is personal in the log encrypted
    url = stores.fresh(store)
    engine = db.make_engine(url)
    yield engine
    engine.dispose()
    stores.drop(url)


@pytest.fixture
def engine(_unit_engine: sa.Engine) -> Iterator[sa.Engine]:
    """The engine of the unit tests' database, the panel's own during the test."""
    yield db.use(_unit_engine)
    db.use(_unit_engine)


@pytest.fixture
def fresh_url(stores: Stores, store: str) -> Iterator[str]:
    """The URL of a migrated database of this test alone: for real commits, threads and processes."""
    url = stores.fresh(store)
    yield url
    db.dispose()
    stores.drop(url)


@pytest.fixture
def fresh_engine(fresh_url: str) -> sa.Engine:
    """The panel's engine on a database of this test alone."""
    crypto.configure(KEY)
    return db.configure(fresh_url)


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    """The connection whose transaction holds the whole test and is rolled back."""
    with engine.execution_options(panel_write=True).connect() as found:
        outer = found.begin()
        with db.on_connection(found):
            yield found
        outer.rollback()


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    """Time, stopped at NOW: `now.shift(60)`, `now.move_to(...)`."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def unit(panel_app: Flask, connection: sa.Connection, now: time_machine.Traveller) -> Iterator[PanelSession]:
    """The test's own unit of work; requests of test clients see its rows, and it sees theirs."""
    for counters in limits._State.stores:
        counters.reset()  # type: ignore[attr-defined]
    buffer.flush()
    aftermath.collect()
    token = db.begin(write=True)
    yield db.session()
    db.end(token, commit=False)
    aftermath.take()


@pytest.fixture(scope="session")
def panel_app(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The panel's WSGI application, as `create_app` builds it. What is buffered waits for `buffer.flush()`."""
    found = load(
        {
            "MPANEL_DATA": str(tmp_path_factory.mktemp("data")),
            "DATABASE_URL": f"sqlite:///{stores.folder / 'unused.db'}",
            "SECRET_KEY": KEY,
            "JWT_SECRET": KEY[::-1],
        }
    )
    app = create_app(found)
    Strict.is_on = True  # a bulk statement that no row of the log speaks of fails the test
    buffer.close()
    db.dispose()
    return app


@pytest.fixture
def queries(engine: sa.Engine) -> Queries:
    """`with queries(max=15): as_sam.get(...)` fails when a page asks the store more often."""
    return Queries(engine)


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    """A real SMTP server on loopback that keeps its mails and misbehaves on request."""
    found = MailServer()
    yield found
    found.stop()


@pytest.fixture(scope="module")
def redis_server() -> Iterator[Redis]:
    """A real Redis on a socket."""
    found = Redis()
    yield found
    found.remove()


@pytest.fixture
def make_panel(stores: Stores, store: str) -> Iterator[PanelMaker]:
    """`make_panel(SMTP_URL=...)`: an installation with its owner and plans, not yet started."""
    maker = PanelMaker(stores, store)
    yield maker
    maker.remove()


@pytest.fixture
def panel(make_panel: PanelMaker, mail_server: MailServer) -> Panel:
    """A running installation: web and worker, with a mail server."""
    return make_panel(SMTP_URL=mail_server.url).start()
