"""R-37 in full: a million rows, both kinds of file, both stores. `make soak`."""

import json

import pytest

from tests.audit.drills import GROWTH, Reader, busy, fill
from tests.conftest import PanelMaker

pytestmark = pytest.mark.slow
ROWS = 1_000_000


@pytest.mark.both_stores
def test_a_million_rows_are_taken_out_from_flat_memory(make_panel: PanelMaker) -> None:
    panel = make_panel()
    login = fill(panel, ROWS)
    panel.start(command="web")
    reader = Reader(panel, login)
    reader.take("csv", "&q=nothing")

    found = reader.take("csv")
    assert found.body.rstrip().splitlines()[-1].startswith(b"end of export,complete,")
    assert found.body.count(b"\n") >= ROWS + 2
    assert (found.first_rows <= 1.0, found.grown <= GROWTH) == (True, True), found
    assert ROWS / found.seconds >= 20_000

    slow = reader.take("json", pause=0.02)
    assert json.loads(slow.body)["row_count"] >= ROWS
    assert slow.grown <= GROWTH

    line, answer = reader.ask("csv")
    answer.read(1000)
    answer.close()
    line.close()
    assert busy(reader.web, 6.0) < 1.0
    assert busy(reader.web, 1.0) < 0.2
