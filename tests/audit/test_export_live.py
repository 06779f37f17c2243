"""R-37, short: 100,000 rows taken out of a running panel, by fast and slow readers and by ones that go away."""

import csv
import io
import json
from collections.abc import Iterator

import pytest

from tests.audit.drills import GROWTH, Reader, busy, fill, memory
from tests.support import processes
from tests.support.panel import Panel, install
from tests.support.stores import Stores

ROWS = 100_000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def panel(stores: Stores) -> Iterator[Panel]:
    """One installation for this file, with a long log."""
    made = install(stores, "sqlite")
    yield made
    made.remove()
    stores.drop(made.database_url)


@pytest.fixture(scope="module")
def reader(panel: Panel) -> Reader:
    login = fill(panel, ROWS)
    panel.start(command="web")
    return Reader(panel, login)


def test_a_fast_reader_gets_every_row_from_flat_memory(reader: Reader) -> None:
    reader.take("csv", "&q=nothing")  # what is loaded once is no growth

    taken = reader.take("csv")

    lines = list(csv.reader(io.StringIO(taken.body.decode())))
    assert lines[-1][:2] == ["end of export", "complete"]
    assert len(lines) - 2 >= ROWS
    assert len({line[-1] for line in lines[1:-1]}) == len(lines) - 2
    assert taken.first_rows <= 1.0
    assert taken.grown <= GROWTH


def test_a_slow_reader_costs_no_memory_either(reader: Reader) -> None:
    taken = reader.take("json", pause=0.01, piece=256 * 1024)

    found = json.loads(taken.body)
    assert found["complete"] is True
    assert found["row_count"] == len(found["rows"]) >= ROWS
    assert taken.grown <= GROWTH


def test_who_goes_away_leaves_nothing_running(reader: Reader) -> None:
    before = memory(reader.web)
    for _ in range(3):
        line, answer = reader.ask("csv")
        answer.read(1000)
        answer.close()
        line.close()

    processes.wait_for(lambda: busy(reader.web, 1.0) < 0.2, within=15, what="the web process at rest")
    assert memory(reader.web) - before <= GROWTH
