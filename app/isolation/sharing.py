"""What two houses must not share: logins and keys on another's host, cached answers, repeated requests, cursors."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from app.isolation import kinds, said
from app.isolation.asking import SAFE, Answer, Ask, Asker
from app.isolation.planning import Slot
from app.kernel import idempotency, lists
from app.kernel.routemap import Route

if TYPE_CHECKING:
    from app.isolation.check import Checker

_CURSOR = re.compile(r"cursor=([A-Za-z0-9_=%-]+)|\"next_cursor\":\"([^\"]+)\"")
SEARCHES = ("q", "search", "customer")


def try_route(checker: "Checker", route: Route) -> None:
    """All of it for one route, by whoever got something out of it."""
    for side in ("staff", "customer", "key", "stranger"):
        ask = checker._fine.get((route.name, side))
        who = next((one for one in checker.everybody if one.side == side and one.may(route)), None)
        if who is None:
            continue
        _swap_hosts(checker, ask or Ask(route, _absent(route)), who)
        if ask is None:
            continue
        _one_after_the_other(checker, ask, who)
        if route.method in SAFE:
            _search(checker, ask, who)
            _turn_pages(checker, ask, who)
        elif route.method == "POST":
            _repeat(checker, ask, who)


def _absent(route: Route) -> dict[str, str]:
    return dict.fromkeys(route.parameters, kinds.missing_like("00000000-0000-4000-8000-000000000000"))


def _swap_hosts(checker: "Checker", ask: Ask, who: Asker) -> None:
    """A login or key of one brand on another's host is a stranger's."""
    if not (who.token or who.key) or ask.route.access is None or ask.route.access.kind == "platform":
        return
    other = checker.twins["stranger"]
    answer = checker.ask(who, ask, host=other.house.host)
    if ask.route.access.kind in {"role", "own", "key"}:
        if not answer.is_shown_the_door:
            told = f"takes a login or key of one tenant on the host of another ({answer.status})"
            checker.report.add(ask.route, "shared", told, who.name, f"{ask.said()} at {other.house.name}'s host")
    elif ask.route.method in SAFE:
        plain = checker.ask(other, ask)
        if answer.without() != plain.without():
            told = "answers a login of one tenant on the host of another otherwise than a stranger"
            checker.report.add(ask.route, "shared", told, who.name, f"{ask.said()} at {other.house.name}'s host")


def _one_after_the_other(checker: "Checker", ask: Ask, who: Asker) -> None:
    """The same question at one house and then at the other: what the first got is nothing to the second."""
    twin = checker.twins[who.name]
    first = checker.ask(who, ask)
    there = checker.ask(twin, ask)
    for slot in checker.planner.slots(ask, who):
        if slot.place != "path" or there.is_fine:
            continue
        none = kinds.missing_like(slot.value)
        absent = checker.ask(twin, ask.with_value(slot.place, slot.name, none))
        if there.without(slot.value) != absent.without(none):
            told = f"{slot.name} of another tenant is told from one that is not there, right after that tenant asked"
            checker.report.add(ask.route, "shared", told, twin.name, ask.said())
    if ask.route.method in SAFE and checker.ask(who, ask).without() != first.without():
        checker.report.add(ask.route, "shared", "answers otherwise once another tenant has asked", who.name, ask.said())


def _search(checker: "Checker", ask: Ask, who: Asker) -> None:
    """Words, ids and the like of others find what words that nobody wrote find."""
    asked = checker.planner.plan.questions.get(ask.route.endpoint, set())
    for name in sorted(asked):
        is_mine = who.side == "customer" and kinds.snake(name) not in said.BEARERS
        for section in ("account:B", "account:X") if is_mine else ("account:X",):
            house = checker.world.tenant_of[section]
            word = checker.world.tags[section]
            for theirs in _values(checker, ask, name, section, house, word):
                none = kinds.missing_like(theirs)
                if theirs in ask.query.values():
                    continue
                absent = checker.ask(who, ask.with_value("query", name, none))
                answer = checker.ask(who, ask.with_value("query", name, theirs))
                if _plain(answer, theirs) != _plain(absent, none):
                    told = f"?{name}= finds what {section.replace(':', ' ')} has"
                    checker.report.add(ask.route, "oracle", told, who.name, f"{ask.said()} {name}={theirs}")


def _values(checker: "Checker", ask: Ask, name: str, section: str, house: str, word: str) -> Iterator[str]:
    if name in SEARCHES:
        yield word
        yield f"{word}@customers.example.com"
    if kinds.names_a_record(name) or name in SEARCHES:
        table = kinds.table_of(name, ask.route.module) or "customers"
        for where in (section, f"house:{house}"):
            slot = Slot("query", name, table, "", section, 0)
            theirs = checker.planner.counterpart(slot, where)
            if theirs is not None:
                yield theirs


def _plain(answer: Answer, value: str) -> Any:
    status, headers, text = answer.without(value)
    return status, headers, text.lower().replace(value.lower(), "id")


def _turn_pages(checker: "Checker", ask: Ask, who: Asker) -> None:
    """A cursor that another house gave opens nothing of that house's."""
    twin = checker.twins[who.name]
    theirs = next(iter(checker.planner.paths(ask.route, twin)), None) if ask.path else ask
    if theirs is None:
        return
    with _short_pages():
        found = _CURSOR.search(checker.ask(twin, theirs).text)
        if found is None:
            return
        cursor = found[1] or found[2]
        checker.ask(who, ask.with_value("query", "cursor", cursor.replace("%3D", "=")))


@contextmanager
def _short_pages() -> Iterator[None]:
    usual = lists.ON_A_PAGE
    lists.ON_A_PAGE = 1
    try:
        yield
    finally:
        lists.ON_A_PAGE = usual


def _repeat(checker: "Checker", ask: Ask, who: Asker) -> None:
    """A repeated request is somebody's own: the same key of somebody else is another request."""
    operation = checker.planner.operation(ask.route)
    if operation is None or not operation.idempotent or who.side == "stranger":
        return
    marked = replace(ask, headers={**ask.headers, idempotency.HEADER: secrets.token_hex(12)})
    with checker.ground.taken_back():
        checker.ask(who, marked, keep=True)
        for other in (_colleague(checker, who, ask.route), checker.twins[who.name]):
            if other is None:
                continue
            answer = checker.ask(other, marked, keep=True)
            replayed = "idempotency-replayed" in dict(answer.headers) or "idempotency_key_reused" in answer.text
            if replayed:
                told = f"an {idempotency.HEADER} of somebody else's is taken for one's own"
                checker.report.add(ask.route, "shared", told, other.name, f"{ask.said()} twice, with one key")


def _colleague(checker: "Checker", who: Asker, route: Route) -> Asker | None:
    """Somebody else of the same side who may ask the same."""
    others = (one for one in checker.people if one.side == who.side and one.name != who.name and one.may(route))
    return next(others, None)
