"""What somebody could ask of a route: with ids of their own, the words that its pages and schemas give."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, product
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import BaseModel
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from app.isolation import forms, kinds, said
from app.isolation.asking import SAFE, Ask, Asker, Desk
from app.isolation.forms import Form
from app.isolation.world import World
from app.kernel.api import Operation, operation_of
from app.kernel.routemap import Route, routes_of

MOST_CANDIDATES = 60
ON_A_CRAWL = 12
"""Records of one kind whose page is read for its forms."""


@dataclass(frozen=True)
class Slot:
    """One place in a request where a record is named."""

    place: str
    name: str
    table: str
    value: str
    section: str
    index: int
    """The section's how-manieth row of the table it is."""
    is_list: bool = False


@dataclass
class Plan:
    """What was learnt from the pages: the forms that lead to each route, and the questions that lists take."""

    forms: dict[str, list[tuple[dict[str, str], Form]]] = field(default_factory=dict)
    """By `METHOD endpoint`: path and form."""
    questions: dict[str, set[str]] = field(default_factory=dict)
    """By endpoint: the names of what may stand behind the question mark."""


class Planner:
    """Makes requests for one world."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.world, self.app = desk, desk.world, desk.ground.app
        self.plan = Plan()
        self.routes = list(routes_of(self.app))
        self.owner_of = _owners(self.world)

    def operation(self, route: Route) -> Operation | None:
        """What the endpoint takes and gives, if it is one for programs."""
        return operation_of(self.app.view_functions[route.endpoint])

    def learn(self, crawlers: list[Asker]) -> None:
        """Read every page that the crawlers may read, for its forms."""
        adapter = self.app.url_map.bind("crawl.example")
        for who in crawlers:
            for route in self.routes:
                if route.method != "GET" or not who.may(route) or route.address.startswith("/api/"):
                    continue
                for ask in islice(self.paths(route, who), ON_A_CRAWL):
                    answer = self.desk.ask(who, ask)
                    for form in forms.read(answer.text) if answer.status == 200 else []:
                        self._keep(adapter, form, ask)

    def _keep(self, adapter: Any, form: Form, page: Ask) -> None:
        target = urlsplit(form.action or page.url)
        try:
            endpoint, path = adapter.match(target.path, method=form.method.upper())
        except (HTTPException, RequestRedirect):
            return
        if form.method == "get":
            names = {name for name, _ in form.fields} | {name for name, _ in parse_qsl(target.query)}
            self.plan.questions.setdefault(endpoint, set()).update(names)
            return
        known = self.plan.forms.setdefault(f"{form.method.upper()} {endpoint}", [])
        known.append(({name: str(value) for name, value in path.items()}, form))

    def asks(self, route: Route, who: Asker) -> Iterator[Ask]:
        """What `who` could ask of `route`, the likeliest first."""
        if route.method in SAFE or route.method == "DELETE":
            yield from self.paths(route, who)
            return
        operation = self.operation(route)
        if operation is not None:
            body = self._body(operation.body, route, who) if operation.body is not None else None
            for ask in self.paths(route, who):
                yield ask if body is None else Ask(route, ask.path, ask.query, body=body)
            return
        yield from self._posts(route, who)

    def _posts(self, route: Route, who: Asker) -> Iterator[Ask]:
        known = self.plan.forms.get(f"{route.method} {route.endpoint}", [])
        for path, form in known:
            yield Ask(route, path, form=_filled(form, form.wanted))
        for path, form in known:
            if len(form.empty) > len(form.wanted):
                yield Ask(route, path, form=_filled(form, form.empty))
        empty = _filled(known[0][1], known[0][1].wanted) if known else ()
        for ask in self.paths(route, who):
            yield Ask(route, ask.path, ask.query, form=empty)

    def paths(self, route: Route, who: Asker) -> Iterator[Ask]:
        """The address with each of the asker's own records in it, and what its query must say."""
        operation = self.operation(route)
        query = self._body(operation.query, route, who) if operation and operation.query else {}
        if not route.parameters and "token" in self.plan.questions.get(route.endpoint, ()):
            for value in self._own("token", route, who):
                yield Ask(route, {}, {**query, "token": value})
        choices = [self._own(name, route, who) for name in route.parameters]
        for values in islice(product(*choices), MOST_CANDIDATES):
            yield Ask(route, dict(zip(route.parameters, values, strict=True)), query)

    def _own(self, name: str, route: Route, who: Asker) -> list[str]:
        table = kinds.table_of(name, route.module)
        if table is None:
            return [said.WORDS.get(name, "something")]
        found = [
            kinds.spoken(self.world, section, name, table, one)
            for section in kinds.own_sections(who)
            for one in self.world.ids(section, table)
        ]
        if table == "tenants" and who.side == "operator":
            return [one for section in ("house:T1", "house:T2") for one in self.world.ids(section, table)]
        return found

    def _body(self, model: type[BaseModel] | None, route: Route, who: Asker) -> dict[str, Any]:
        if model is None:
            return {}
        schema = model.model_json_schema(by_alias=True)
        made = self._value(schema, schema.get("$defs", {}), route, who, "")
        assert isinstance(made, dict)
        return made

    def _value(self, schema: dict[str, Any], defs: dict[str, Any], route: Route, who: Asker, name: str) -> Any:
        """Something that the schema allows: its example, a record of the asker's own, or the simplest."""
        while "$ref" in schema:
            schema = defs[schema["$ref"].rpartition("/")[2]]
        for way in ("anyOf", "allOf"):
            if way in schema:
                return self._value(schema[way][0], defs, route, who, name)
        if schema.get("type") == "object":
            wanted = schema.get("required", [])
            fields = schema.get("properties", {})
            return {one: self._value(fields[one], defs, route, who, one) for one in wanted}
        if schema.get("type") == "array":
            return [self._value(schema["items"], defs, route, who, name)]
        if kinds.names_a_record(name) and (schema.get("format") == "uuid" or kinds.snake(name) == "invoice"):
            return next(iter(self._own(name, route, who)), "")
        if schema.get("examples"):
            return schema["examples"][0]
        simple = {"integer": schema.get("minimum", 1), "boolean": True, "number": 1}
        return simple.get(
            schema.get("type", ""), (schema.get("enum") or [None])[0] or schema.get("const") or _word(name)
        )

    def slots(self, ask: Ask, who: Asker) -> list[Slot]:
        """Where the request names records: by the names of its parts, and by values that are known ids."""
        found = []
        for place, name, value, is_list in _parts(ask):
            at = self.owner_of.get(value)
            if at is None and kinds.names_a_record(name):
                at = self._spoken(name, value, ask.route, who)
            if at is not None:
                table, section, index = at
                found.append(Slot(place, name, table, value, section, index, is_list))
        return found

    def _spoken(self, name: str, value: str, route: Route, who: Asker) -> tuple[str, str, int] | None:
        table = kinds.table_of(name, route.module)
        for section in kinds.own_sections(who) if table else ():
            for index, one in enumerate(self.world.ids(section, table or "")):
                if kinds.spoken(self.world, section, name, table or "", one) == value:
                    return table or "", section, index
        return None

    def counterpart(self, slot: Slot, section: str) -> str | None:
        """The same record of somebody else."""
        there = self.world.ids(section, slot.table)
        if not there:
            return None
        return kinds.spoken(self.world, section, slot.name, slot.table, there[min(slot.index, len(there) - 1)])


def _parts(ask: Ask) -> Iterator[tuple[str, str, str, bool]]:
    """Place, name and value of every part of a request; whether it is one of a list."""
    for place, values in (("path", ask.path), ("query", ask.query)):
        for name, value in values.items():
            yield place, name, str(value), False
    counts: dict[str, int] = {}
    for name, _ in ask.form or ():
        counts[name] = counts.get(name, 0) + 1
    for name, value in ask.form or ():
        yield "form", name, value, counts[name] > 1 or name.endswith(("_ids", "ids"))
    yield from _inside(ask.body, "")


def _inside(body: Any, path: str) -> Iterator[tuple[str, str, str, bool]]:
    for name, value in body.items() if isinstance(body, dict) else ():
        here = f"{path}.{name}" if path else name
        if isinstance(value, dict):
            yield from _inside(value, here)
        elif isinstance(value, list):
            yield from (("body", here, one, True) for one in value if isinstance(one, str))
        elif isinstance(value, str):
            yield "body", here, value, False


def _filled(form: Form, wanted: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value or (_word(name, wanted[name]) if name in wanted else "")) for name, value in form.fields)


def _word(name: str, kind: str = "") -> str:
    return said.WORDS.get(kinds.snake(name)) or said.TYPED.get(kind) or "Words"


def _owners(world: World) -> dict[str, tuple[str, str, int]]:
    """Table, section and index of every known id."""
    return {
        one: (table, section, index)
        for section, by_table in world.rows.items()
        for table, ids in by_table.items()
        for index, one in enumerate(ids)
    }
