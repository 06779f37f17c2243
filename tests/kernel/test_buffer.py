"""Small writes are gathered, written together, and offered again when their sink fails."""

import pytest

from app.kernel import buffer


@pytest.fixture
def written(monkeypatch):
    found: list[list[str]] = []
    monkeypatch.setitem(buffer._sinks, "test", found.append)
    yield found
    buffer._State.held.pop("test", None)


def test_what_was_gathered_is_written_in_one_go_and_once(written):
    buffer.add("test", "a")
    buffer.add("test", "b")
    buffer.flush()
    buffer.flush()

    assert written == [["a", "b"]]


def test_nothing_is_lost_when_the_database_is_away_for_a_moment(written, monkeypatch):
    def fail(_items: list[str]) -> None:
        raise OSError("away")

    monkeypatch.setitem(buffer._sinks, "test", fail)
    buffer.add("test", "a")
    buffer.flush()
    monkeypatch.setitem(buffer._sinks, "test", written.append)
    buffer.add("test", "b")
    buffer.flush()

    assert written == [["a", "b"]]


def test_a_sink_that_never_works_does_not_fill_the_memory(written, monkeypatch):
    monkeypatch.setattr(buffer, "MOST_HELD", 3)
    for item in "abcde":
        buffer.add("test", item)
    buffer.flush()

    assert written == [["c", "d", "e"]]


def test_it_flushes_by_itself_and_at_the_end(written):
    buffer.add("test", "a")
    buffer.start()
    buffer.close()

    assert written == [["a"]]
