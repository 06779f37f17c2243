"""What somebody could ask of a route: with ids of their own, the words that its pages and schemas give."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, product, zip_longest
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
_ARGUMENT = re.compile(r"request\.args(?:\.get\(|\[)\"(\w+)\"")
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
    is_address: bool = False
    """An e-mail address that stands for its person."""

    @property
    def is_bearer(self) -> bool:
        """Whether who has it may use it, whoever that is."""
        return kinds.snake(self.name.rpartition(".")[2]) in said.BEARERS


@dataclass
class Plan:
    """What was learnt from the pages: the forms and links that lead to each route."""

    forms: dict[str, list[tuple[dict[str, str], dict[str, str], Form]]] = field(default_factory=dict)
    """By `METHOD endpoint`: path, query and form."""
    links: dict[str, list[tuple[dict[str, str], dict[str, str]]]] = field(default_factory=dict)
    """By endpoint: path and query."""
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
        """Read every page that the crawlers may read, for its forms and links."""
        adapter = self.app.url_map.bind("crawl.example")
        for route in self.routes:
            if route.method == "GET":
                self.plan.questions.setdefault(route.endpoint, set()).update(_asked_by(route))
        for who in crawlers:
            for route in self.routes:
                if route.method != "GET" or not who.may(route) or route.address.startswith("/api/"):
                    continue
                for ask in islice(self.paths(route, who), ON_A_CRAWL):
                    answer = self.desk.ask(who, ask)
                    if answer.status == 200 and "<html" in answer.text[:200]:
                        self._keep(adapter, answer.text, ask)

    def _keep(self, adapter: Any, text: str, page: Ask) -> None:
        found, links = forms.read(text)
        for form in found:
            at = _match(adapter, form.action or page.url, form.method.upper())
            if at is None:
                continue
            endpoint, path, query = at
            if form.method == "get":
                self.plan.questions.setdefault(endpoint, set()).update({*query, *(name for name, _ in form.fields)})
            else:
                self.plan.forms.setdefault(f"{form.method.upper()} {endpoint}", []).append((path, query, form))
        for link in dict.fromkeys(links):
            at = _match(adapter, link, "GET")
            if at is not None and (at[1] or at[2]):
                known = self.plan.links.setdefault(at[0], [])
                self.plan.questions.setdefault(at[0], set()).update(at[2])
                if at[1:] not in known:
                    known.append(at[1:])

    def asks(self, route: Route, who: Asker) -> Iterator[Ask]:
        """What `who` could ask of `route`, the likeliest first."""
        if route.method in SAFE or route.method == "DELETE":
            yield from self.paths(route, who)
            return
        operation = self.operation(route)
        if operation is not None:
            for ask in self.paths(route, who):
                for body in self._bodies(operation.body, route, who):
                    yield ask if operation.body is None else Ask(route, ask.path, ask.query, body=body)
            return
        yield from self._posts(route, who)

    def _posts(self, route: Route, who: Asker) -> Iterator[Ask]:
        known = self.plan.forms.get(f"{route.method} {route.endpoint}", [])
        for path, query, form in known:
            yield Ask(route, path, query, form=self._filled(form, form.wanted))
        for path, query, form in known:
            if len(form.empty) > len(form.wanted):
                yield Ask(route, path, query, form=self._filled(form, form.empty))
        empty = self._filled(known[0][2], known[0][2].wanted) if known else ()
        for ask in self.paths(route, who):
            yield Ask(route, ask.path, ask.query, form=empty)

    def paths(self, route: Route, who: Asker) -> Iterator[Ask]:
        """The address with each of the asker's own records in it, and what its query must say."""
        operation = self.operation(route)
        for query in self._bodies(operation.query if operation else None, route, who):
            yield from self._paths(route, who, query)

    def _paths(self, route: Route, who: Asker, query: dict[str, Any]) -> Iterator[Ask]:
        for name in sorted(self.plan.questions.get(route.endpoint, ())):
            if not route.parameters and kinds.names_a_record(name) and name not in query:
                for value in self._own(name, route, who):
                    yield Ask(route, {}, {**query, name: value})
        for path, asked in self.plan.links.get(route.endpoint, []):
            if asked.keys() & {"invoice", "customer", "customer_id"} and not query:
                yield Ask(route, path, asked)
        choices = [self._own(name, route, who) for name in route.parameters]
        for values in islice(product(*choices), MOST_CANDIDATES):
            yield Ask(route, dict(zip(route.parameters, values, strict=True)), query)

    def _own(self, name: str, route: Route, who: Asker) -> list[str]:
        if name in said.NO_IDS:
            linked = [path[name] for path, _ in self.plan.links.get(route.endpoint, []) if name in path]
            return [*linked, *said.GIVEN.get(name, ("something",))]
        table = kinds.table_of(name, route.module)
        sections = kinds.own_sections(who)
        if who.side == "operator" and table in said.OPERATED:
            sections = ["house:T1", *sections]
        found = [self.world.ids(section, table or "") for section in sections]
        spelled = [
            kinds.spoken(self.world, name, table or "", row_id)
            for row in zip_longest(*found)
            for row_id in filter(None, row)
        ]
        return sorted(spelled, key=lambda one: "zq" not in one.lower()) if (name, table) in said.SPOKEN else spelled

    def _bodies(self, model: type[BaseModel] | None, route: Route, who: Asker) -> list[dict[str, Any]]:
        """What the schema wants and no more; and the same with what else in it names records."""
        if model is None:
            return [{}]
        schema = model.model_json_schema(by_alias=True)
        defs = schema.get("$defs", {})
        least = self._value(schema, defs, route, who, "")
        assert isinstance(least, dict)
        fields = schema.get("properties", {})
        more = [name for name in fields if name not in least and kinds.names_a_record(name)]
        whole = {**least, **{name: self._value(fields[name], defs, route, who, name) for name in more}}
        return [least, whole] if more else [least]

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
            schema.get("type", ""), (schema.get("enum") or [None])[0] or schema.get("const") or self._word(name)
        )

    def _filled(self, form: Form, wanted: dict[str, str]) -> tuple[tuple[str, str], ...]:
        return tuple(
            (name, value or (self._word(name, wanted[name]) if name in wanted else "")) for name, value in form.fields
        )

    def _word(self, name: str, kind: str = "") -> str:
        """What is typed into an empty field."""
        text = said.WORDS.get(kinds.snake(name)) or said.TYPED.get(kind) or "Words"
        return text.replace("{T1}", self.world.tags["house:T1"])

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

    def addresses(self, ask: Ask) -> list[tuple[str, str]]:
        """Where the request names a person by an e-mail address."""
        return [(place, name) for place, name, _, _ in _parts(ask) if kinds.snake(name.rpartition(".")[2]) == "email"]

    def ids_of(self, route: Route) -> list[str]:
        """The names under which the route takes ids: of its address, its query, and its schemas."""
        operation = self.operation(route)
        found = [*route.parameters, *sorted(self.plan.questions.get(route.endpoint, ()))]
        for model in (operation.body, operation.query) if operation else ():
            found += model.model_json_schema(by_alias=True).get("properties", {}) if model else {}
        for _, _, form in self.plan.forms.get(f"{route.method} {route.endpoint}", []):
            found += [name for name, value in form.fields if value in self.owner_of]
        return [name for name in dict.fromkeys(found) if name in route.parameters or kinds.names_a_record(name)]

    def _spoken(self, name: str, value: str, route: Route, who: Asker) -> tuple[str, str, int] | None:
        table = kinds.table_of(name, route.module)
        for section in kinds.own_sections(who) if table else ():
            for index, one in enumerate(self.world.ids(section, table or "")):
                if kinds.spoken(self.world, name, table or "", one) == value:
                    return table or "", section, index
        return None

    def counterpart(self, slot: Slot, section: str) -> str | None:
        """The same record of somebody else."""
        there = self.world.ids(section, slot.table)
        if not there:
            return None
        return kinds.spoken(self.world, slot.name, slot.table, there[min(slot.index, len(there) - 1)])


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


def _owners(world: World) -> dict[str, tuple[str, str, int]]:
    """Table, section and index of every known id."""
    return {
        one: (table, section, index)
        for section, by_table in world.rows.items()
        for table, ids in by_table.items()
        for index, one in enumerate(ids)
    }


def _match(adapter: Any, address: str, method: str) -> tuple[str, dict[str, str], dict[str, str]] | None:
    """Endpoint, path and query of an address of this house."""
    target = urlsplit(address)
    try:
        endpoint, path = adapter.match(target.path, method=method)
    except (HTTPException, RequestRedirect):
        return None
    return endpoint, {name: str(value) for name, value in path.items()}, dict(parse_qsl(target.query))


def _asked_by(route: Route) -> set[str]:
    """What the view's own words ask of the query."""
    return set(_ARGUMENT.findall(inspect.getsource(route.view)))
