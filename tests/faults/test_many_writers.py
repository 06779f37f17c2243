"""R-27: on SQLite many writers and readers at once see no locked database, and the write-ahead log stays small."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import sqlalchemy as sa

from tests.conftest import PanelMaker
from tests.faults.conftest import SIGN_UP, counts, make_keys
from tests.support.mail import MailServer
from tests.support.panel import Panel

KEYS, CALLS_A_KEY, WRITERS = 12, 10, 8
LARGEST_WAL = 64 * 1024 * 1024


def test_two_web_processes_and_a_worker_never_see_a_locked_database(
    make_panel: PanelMaker, mail_server: MailServer
) -> None:
    panel = make_panel(SMTP_URL=mail_server.url)
    panel.start(arguments=("--web", "2"))
    keys = make_keys(panel, KEYS)

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        readers = [pool.submit(_read, panel, keys[0]) for _ in range(60)]
        calls = [(key, f"w{number}-{index}") for number in range(CALLS_A_KEY) for index, key in enumerate(keys)]
        statuses = list(pool.map(lambda call: _sign_up(panel, *call), calls))
        read = [reader.result() for reader in readers]

    assert set(statuses) == {201}
    assert set(read) <= {200, 429}
    assert set(counts(panel).values()) == {KEYS * CALLS_A_KEY}
    assert "locked" not in panel.log.read_text()
    database = sa.make_url(panel.database_url).database
    assert database is not None
    assert Path(database + "-wal").stat().st_size <= LARGEST_WAL


def _sign_up(panel: Panel, key: str, name: str) -> int:
    body = {**SIGN_UP, "email": f"{name}@example.com"}
    return panel.post_json("/api/marketing-api/accounts/create", body, X_API_Key=key).status


def _read(panel: Panel, key: str) -> int:
    return panel.get("/api/marketing-api/products/catalog", X_API_Key=key).status
