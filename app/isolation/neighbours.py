"""Nothing that a neighbour gets changes what one sees: counts, sums, orders, choices, pages.

All that was answered to somebody's own question is asked again in a world in which others have more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.isolation import said, world
from app.isolation.ground import forget
from app.isolation.watching import oversees

if TYPE_CHECKING:
    from app.isolation.check import Checker, Seen


def try_all(checker: "Checker") -> None:
    """Another tenant gets a customer and one of each thing; then the same tenant another customer."""
    everything = [one for one in checker.seen if not _is_common(one)]
    with _richer(checker, "T2"):
        for one in everything:
            _again(checker, one, "another tenant")
    with _richer(checker, "T1"):
        for one in everything:
            if one.who.side == "customer":
                _again(checker, one, "another customer")


def _is_common(one: "Seen") -> bool:
    return one.ask.route.name in said.MOVES or oversees(one.who, one.ask.route)


def _again(checker: "Checker", one: "Seen", whose: str) -> None:
    answer = checker.desk.ask(one.who, one.ask)
    if answer.without() != one.answer.without():
        told = f"answers otherwise once {whose} has more: {_difference(one.answer.plain, answer.plain)}"
        checker.report.add(one.ask.route, "leak", told, one.who.name, one.ask.said())


def _difference(before: str, after: str) -> str:
    at = next((n for n, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
    return f"{before[max(0, at - 20) : at + 30]!r} became {after[max(0, at - 20) : at + 30]!r}"


@contextmanager
def _richer(checker: "Checker", house: str) -> Iterator[None]:
    rows = {section: dict(tables) for section, tables in checker.world.rows.items()}
    with checker.ground.taken_back():
        if house == "T2":
            world.fill_house(checker.ground, checker.world, house, f"{checker.world.tags['house:T2']}more")
        world.add_account(checker.ground, checker.world, house, "N")
        forget()
        yield
    forget()
    checker.world.rows = rows
    checker.world.houses[house].accounts.pop("N")
