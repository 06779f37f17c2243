"""The check itself: every route, asked by everybody, with what is theirs, what is others' and what is not there."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice

from app.isolation import asking, kinds, neighbours, said, sharing
from app.isolation.asking import SAFE, Answer, Ask, Asker, Desk
from app.isolation.ground import Ground
from app.isolation.planning import Planner, Slot
from app.isolation.report import Report
from app.isolation.watching import Watch, oversees
from app.isolation.world import World
from app.isolation.world import make as make_world
from app.kernel.routemap import ROOT, Route, fingerprint, routes_of

MOST_TRIES = 60
MOST_TRIES_WITHOUT_IDS = 6
REFUSED = frozenset({404, 405})

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Seen:
    """An answer to somebody's own question, to be asked again."""

    who: Asker
    ask: Ask
    answer: Answer


class Checker:
    """One world, and everybody in it. May run any number of times: nothing that is asked lasts."""

    def __init__(self, ground: Ground) -> None:
        self.world: World = make_world(ground)
        self.ground = ground
        self.desk = Desk(ground, self.world)
        self.people = asking.askers(self.world)
        self.operators = asking.operators(self.world)
        there = asking.askers(self.world, "T2", "X")
        self.twins = {one.name: replace(one, name=f"{one.name} of T2") for one in there}
        self.planner = Planner(self.desk)
        self.planner.learn(
            [self._named("stranger"), self._named("customer OWNER"), self._named("staff OWNER"), self.operators[-1]]
        )
        self.promises = _promises()
        self.watch = Watch(ground, self.world)
        self.watch.remember()

    @property
    def everybody(self) -> list[Asker]:
        """Of the first brand and of the operator, the most powerful first."""
        return [*reversed(self.people), *reversed(self.operators)]

    def _named(self, name: str) -> Asker:
        return next(one for one in self.people if one.name == name)

    def run(self, only: str = "", tell: Tell | None = None) -> Report:
        """Try every route, or those that `only` names (`GET /admin/orders`, or an address)."""
        began, calls = time.process_time(), self.desk.calls
        self.planner.routes = list(routes_of(self.ground.app))
        self._fine: dict[tuple[str, str], Ask] = {}
        self._exercised: dict[str, set[str]] = {}
        self._tried: dict[str, str] = {}
        self.seen: list[Seen] = []
        routes = [route for route in self.planner.routes if only in {"", route.name, route.address}]
        self.report = Report(
            len(routes), len(self.everybody), store=self.ground.kind, is_whole=not only,
            fingerprint=fingerprint(self.ground.app),
        )  # fmt: skip
        for number, route in enumerate(routes):
            if tell is not None:
                tell(number, len(routes))
            if route.name not in said.EXCEPTIONS:
                self._try(route)
        neighbours.try_all(self)
        self.report.calls = self.desk.calls - calls
        self.report.seconds = round(time.process_time() - began, 1)
        return self.report

    def _try(self, route: Route) -> None:
        promised = self.promises.get(route.name)
        if promised is not None and promised != _without_limits(route.who):
            told = f"docs/routes.md promises {promised}, the view says {_without_limits(route.who)}"
            self.report.add(route, "admitted", told, "everybody", route.name)
        admitted = [who for who in self.everybody if who.may(route)]
        for who in admitted:
            self._admitted(route, who)
        for who in self.everybody:
            if who not in admitted:
                self._refused(route, who)
        self._check_exercised(route, admitted)
        sharing.try_route(self, route)

    def own(self, route: Route, who: Asker) -> tuple[Ask, Answer] | None:
        """The first of the asker's own questions that is answered as wished, else the last."""
        last = None
        known: dict[tuple[str, str, str], Answer] = {}
        for number, ask in enumerate(self._asks(route, who)):
            words = ask.url, repr(ask.form), repr(ask.body)  # pages name one way often, and each call meets one world
            answer = known.get(words) or self.ask(who, ask)
            known[words] = answer
            last = ask, answer
            if answer.is_fine or self._is_expected(route, answer):
                self._fine.setdefault((route.name, who.side), ask)
                return last
            if number >= MOST_TRIES or (number >= MOST_TRIES_WITHOUT_IDS and not self.planner.slots(ask, who)):
                break
        return last

    def _asks(self, route: Route, who: Asker) -> Iterable[Ask]:
        known = self._fine.get((route.name, who.side))
        if known is not None:
            yield known
        yield from islice(self.planner.asks(route, who), MOST_TRIES)

    def _is_expected(self, route: Route, answer: Answer) -> bool:
        return route.name in said.EXPECTED and said.EXPECTED[route.name][0] == answer.status

    def ask(self, who: Asker, ask: Ask, *, host: str = "", keep: bool = False) -> Answer:
        """Ask, and look at what came: nothing of others is shown or touched, and nothing breaks."""
        if keep:
            answer = self.desk.ask(who, ask, host=host, keep=True)
            touched = None
        else:
            with self.ground.taken_back():
                answer = self.desk.ask(who, ask, host=host, keep=True)
                touched = self.watch.touched(who, ask, answer.written) if answer.written else None
        if host or oversees(who, ask.route):
            return answer
        if answer.status >= 500 and answer.status != 503:
            self.report.add(ask.route, "broken", f"answers {answer.status}", who.name, ask.said())
        leak = self.watch.leak(who, ask, answer)
        if leak:
            self.report.add(ask.route, "leak", leak, who.name, ask.said())
        if touched:
            self.report.add(ask.route, "effect", f"changes or names rows of others in {touched}", who.name, ask.said())
        return answer

    def _admitted(self, route: Route, who: Asker) -> None:
        found = self.own(route, who)
        if found is None:
            return
        ask, answer = found
        is_fine = answer.is_fine or self._is_expected(route, answer)
        self._tried[route.name] = self._tried.get(route.name) or f"{ask.said()} answered {answer.status}"
        if is_fine:
            self._exercised.setdefault(route.name, set()).add(who.side)
            if route.method in SAFE or dict(answer.headers).get("content-type", "").startswith("text/csv"):
                self.seen.append(Seen(who, ask, answer))
        slots = self.planner.slots(ask, who)
        for slot in slots:
            for section in kinds.foreign_sections(who, slot.section, is_bearer=slot.is_bearer):
                self._compare(ask, slot, section, who)
        nested = [slot.name for slot in slots if slot.place == "path"]
        if len(nested) > 1 and not said.BESIDE.keys() & {*nested} and who.side == "staff":
            for slot in slots:
                if slot.section == "account:A":
                    self._compare(ask, slot, "account:B", who)
        for place, name in self.planner.addresses(ask):
            self._compare(ask, Slot(place, name, "users", "", "account:A", 0, is_address=True), "account:X", who)

    def _compare(self, ask: Ask, slot: Slot, section: str, who: Asker) -> None:
        """Somebody else's record against one that is not there: the answers are the same, and what they do.

        In a form it is sent instead of one's own, and beside it: fields may take several.
        """
        theirs = self.planner.counterpart(slot, section)
        if theirs is None or theirs == slot.value or oversees(who, ask.route):
            return
        none = kinds.missing_like(theirs)
        ways = [True, False] if slot.place == "form" and slot.value else [slot.is_list]
        for is_beside in ways:
            foreign, absent = (
                ask.with_value(slot.place, slot.name, [slot.value, one] if is_beside else one) for one in (theirs, none)
            )
            self._hold_against(who, foreign, absent, slot, section, theirs, none)

    def _hold_against(
        self, who: Asker, foreign: Ask, absent: Ask, slot: Slot, section: str, theirs: str, none: str
    ) -> None:
        without = self.ask(who, absent)
        answer = self.ask(who, foreign)
        if slot.is_address and answer.is_fine and without.is_fine:
            return  # somebody new was made of it, twice
        if answer.without(theirs) != without.without(none):
            told = f"{slot.place} {slot.name} of {section.replace(':', ' ')} is told from one that is not there"
            self.report.add(
                foreign.route, "oracle", f"{told} ({answer.status}, {without.status})", who.name, foreign.said()
            )
        elif answer.written != without.written:
            told = f"{slot.place} {slot.name} of {section.replace(':', ' ')} writes {sorted(answer.written)}"
            self.report.add(foreign.route, "effect", told, who.name, foreign.said())

    def _refused(self, route: Route, who: Asker) -> None:
        """Below what the route asks for: a no, and nothing done."""
        sides = ("staff", "customer", "key", "operator", "stranger")
        ask = next((self._fine[route.name, side] for side in sides if (route.name, side) in self._fine), None)
        ask = ask or next(iter(self.planner.asks(route, self._named("staff OWNER"))), None) or Ask(
            route, dict.fromkeys(route.parameters, kinds.missing_like("00000000-0000-4000-8000-000000000000"))
        )  # fmt: skip
        answer = self.ask(who, ask)
        if not answer.is_shown_the_door and answer.status not in REFUSED:
            told = f"lets in who is not asked in ({answer.status}); it asks for {route.who}"
            self.report.add(route, "admitted", told, who.name, ask.said())
        elif answer.written:
            told = f"writes {sorted(answer.written)} although it refuses"
            self.report.add(route, "effect", told, who.name, ask.said())

    def _check_exercised(self, route: Route, admitted: list[Asker]) -> None:
        """A route that takes ids proves nothing where nobody's own id works."""
        mark = route.access
        takes_ids = [name for name in self.planner.ids_of(route) if name not in said.NO_IDS]
        if mark is None or not (takes_ids or route.method == "GET"):
            return
        done = self._exercised.get(route.name, set())
        if mark.kind == "role":
            lacking = [side for side, role in (("staff", mark.staff), ("customer", mark.customer)) if role]
            lacking = [side for side in lacking if not done & ({side, "operator"} if side == "staff" else {side})]
        else:
            lacking = [] if done else [mark.kind]
        if lacking:
            unknown = [name for name in takes_ids if kinds.table_of(name, route.module) is None]
            told = f"no own id of a {' or '.join(lacking)} worked: {self._tried.get(route.name, 'nothing to ask with')}"
            if unknown:
                told = f"say in app/isolation/said.py which table {', '.join(unknown)} is of"
            self.report.add(route, "not exercised", told, ", ".join(who.name for who in admitted)[:80], route.name)


def _promises() -> dict[str, str]:
    """Who may use each route, as the reviewed list has it; nothing where the project's papers are not here."""
    papers = ROOT / "docs" / "routes.md"
    rows = (line.split(" | ") for line in papers.read_text().splitlines()) if papers.exists() else ()
    return {
        f"{row[0].removeprefix('| ')} {row[1].strip('`')}": _without_limits(row[2])
        for row in rows
        if len(row) == 4 and row[1].startswith("`")
    }


def _without_limits(who: str) -> str:
    return who.partition(" (")[0]
