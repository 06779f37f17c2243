from datetime import date, timedelta

import pytest

from app.features.dashboard import ranges

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("asked", "begin", "end", "before_begin", "before_end"),
    [
        ({}, "2026-10-22", "2026-11-20", "2026-09-22", "2026-10-21"),
        ({"range": "7d"}, "2026-11-14", "2026-11-20", "2026-11-07", "2026-11-13"),
        ({"range": "90d"}, "2026-08-23", "2026-11-20", "2026-05-25", "2026-08-22"),
        ({"range": "month"}, "2026-11-01", "2026-11-20", "2026-10-01", "2026-10-20"),
        ({"range": "year"}, "2026-01-01", "2026-11-20", "2025-01-01", "2025-11-20"),
        ({"range": "own", "from": "2026-03-01", "to": "2026-03-10"}, "2026-03-01", "2026-03-10", "2026-02-19", "2026-02-28"),
        ({"from": "2026-03-01", "to": "2026-03-10"}, "2026-03-01", "2026-03-10", "2026-02-19", "2026-02-28"),
    ],
)  # fmt: skip
def test_a_range_and_what_it_is_compared_with(asked, begin, end, before_begin, before_end):
    found = ranges.read(asked, TODAY)

    assert [str(day) for day in (found.begin, found.end)] == [begin, end]
    assert [str(day) for day in (found.before_begin, found.before_end)] == [before_begin, before_end]


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ({"range": "nonsense"}, "2026-10-22", "2026-11-20"),
        ({"range": "own"}, "2026-10-22", "2026-11-20"),
        ({"range": "own", "from": "yesterday", "to": "'; --"}, "2026-10-22", "2026-11-20"),
        ({"range": "own", "from": "0002-01-01", "to": "9999-12-31"}, "2026-10-22", "2026-11-20"),
        ({"range": "own", "from": "2026-11-10", "to": "2026-11-01"}, "2026-11-01", "2026-11-10"),  # the wrong way round
        ({"range": "own", "from": "2026-11-10", "to": "2030-01-01"}, "2026-11-10", "2026-11-20"),  # not beyond today
        ({"range": "own", "from": "2031-01-01", "to": "2031-02-01"}, "2026-11-20", "2026-11-20"),
        ({"range": "own", "to": "2026-03-31"}, "2026-03-02", "2026-03-31"),
        ({"range": "own", "from": "2001-01-01"}, "2021-11-16", "2026-11-20"),  # five years at most
        ({"range": "own", "from": "20261101", "to": "2026-W46-1"}, "2026-11-01", "2026-11-09"),
        ({"range": "own", "from": "\0", "to": "\ud800"}, "2026-10-22", "2026-11-20"),
    ],
)
def test_what_makes_no_sense_is_put_right(asked, begin, end):
    found = ranges.read(asked, TODAY)

    assert [str(day) for day in (found.begin, found.end)] == [begin, end]
    assert found.before_end == found.begin - timedelta(days=1)
    assert found.edges[0] == found.begin and found.edges[-1] == found.end + timedelta(days=1)


def test_leap_days_and_short_months_are_compared_with_what_there_was():
    leap = ranges.preset("year", date(2028, 2, 29))
    march = ranges.preset("month", date(2026, 3, 31))

    assert (leap.before_begin, leap.before_end) == (date(2027, 1, 1), date(2027, 2, 28))
    assert (march.before_begin, march.before_end) == (date(2026, 2, 1), date(2026, 2, 28))


@pytest.mark.parametrize(
    ("key", "step", "steps"), [("7d", "day", 7), ("30d", "day", 30), ("90d", "week", 13), ("year", "month", 11)]
)
def test_long_spans_are_shown_in_longer_steps(key, step, steps):
    found = ranges.preset(key, TODAY)

    assert (found.step, len(found.edges) - 1) == (step, steps)
    assert sorted(found.edges) == found.edges


def test_the_address_says_the_range_again():
    own = ranges.read({"from": "2026-03-01", "to": "2026-03-10"}, TODAY)

    assert own.address("/admin", currency="EUR") == "/admin?range=own&currency=EUR&from=2026-03-01&to=2026-03-10"
    assert ranges.preset("7d", TODAY).address("/admin") == "/admin?range=7d"
    assert own.words == "1 Mar to 10 Mar 2026"
    assert own.before_words == "the 10 days before"
