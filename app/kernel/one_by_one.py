"""Rows that are gone through one by one: a bad one stops no other, and is reported."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from app.kernel import logs

Row = TypeVar("Row")

_log = logs.get("one_by_one")


class SomeFailed(RuntimeError):
    """Some rows could not be done; the others are."""


def each(rows: Iterable[Row], work: Callable[[Row], object], *, what: str) -> None:
    """Do `work` for each row; it opens its own transaction. One that fails is logged, and the rest is done.

    Raises:
        SomeFailed: after all, if any failed, so that a schedule shows its run as failed, with the first reason.
    """
    number, problems = 0, []
    for row in rows:
        number += 1
        try:
            work(row)
        except Exception as problem:
            _log.exception("row failed", what=what, row=str(row))
            problems.append(f"{type(problem).__name__}: {problem}")
    if problems:
        raise SomeFailed(f"{len(problems):,} of {number:,} {what} failed, the first: {problems[0]}")
