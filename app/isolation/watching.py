"""What must never be seen or touched: the words and ids of others in answers, and rows of others that change."""

import re
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.isolation import said
from app.isolation.asking import Answer, Ask, Asker
from app.isolation.ground import Ground
from app.isolation.world import World, shown, spelled, tables
from app.kernel.routemap import Route

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b")


@dataclass(frozen=True)
class Hidden:
    """What one asker may not see."""

    tags: dict[str, str]
    """The section of each planted word."""
    ids: dict[str, tuple[str, str]]
    """Section and table of each id."""


class Watch:
    """Knows whose everything is."""

    def __init__(self, ground: Ground, world: World) -> None:
        self.ground, self.world = ground, world
        self._hidden: dict[tuple[str, str, str], Hidden] = {}
        self._raw: dict[tuple[str, ...], set[Any]] = {}
        self._pristine: dict[str, set[Any]] = {}
        """The rows of each table before anything was asked."""
        self._shown = {
            spelled(row[0])
            for table, which in shown().items()
            for row in ground.read(f"SELECT id FROM {table} WHERE {which}")
        }
        """The rows that anybody at the door of their house may see."""

    def sections(self, who: Asker) -> tuple[str, ...]:
        """Whose things are no concern of the asker's."""
        mine = who.house.name
        found = [one for one in self.world.rows if self.world.tenant_of[one] != mine]
        if who.side in {"customer", "stranger"}:
            here = [one for one in self.world.rows if one.startswith("account:") and self.world.tenant_of[one] == mine]
            found += [one for one in here if one != who.section]
        return tuple(sorted(found))

    def hidden(self, who: Asker) -> Hidden:
        """The same as words and ids."""
        key = (who.house.name, who.side, who.section)
        if key not in self._hidden:
            sections = self.sections(who)
            ids = {
                one: (section, table)
                for section in sections
                for table, found in self.world.rows[section].items()
                for one in found
            }
            if who.side in {"customer", "stranger"}:
                house = f"house:{who.house.name}"
                closed = dict(self.world.rows[house])
                known = {*closed.pop("user_sessions", []), *self._shown}
                ids |= {one: (house, table) for table, found in closed.items() for one in found if one not in known}
            self._hidden[key] = Hidden({self.world.tags[one]: one for one in sections}, ids)
        return self._hidden[key]

    def leak(self, who: Asker, ask: Ask, answer: Answer) -> str | None:
        """What the answer tells of others; None where nothing."""
        hidden, text = self.hidden(_bearer(who, ask)), f"{answer.text}\n{dict(answer.headers).get('location', '')}"
        low = text.lower()
        sent = f"{ask.url} {ask.form} {ask.body}".lower()
        for tag, section in hidden.tags.items():
            at = low.find(tag)
            if at >= 0 and tag not in sent:
                return f"shows {_whose(section)}'s {text[max(0, at - 30) : at + 30]!r}"
        for one in set(_ID.findall(low)):
            plain = one if "-" in one else str(UUID(one))
            if plain in hidden.ids and plain not in sent:
                section, table = hidden.ids[plain]
                return f"shows the id of {_whose(section)}'s row of {table}"
        return None

    def touched(self, who: Asker, ask: Ask, written: frozenset[str]) -> str | None:
        """A table in which rows of others have changed just now, or that name others' rows."""
        sections = self.sections(_bearer(who, ask))
        for table in sorted(written & tables().keys()):
            now = self._rows(table)
            changed = now ^ self._pristine[table]
            if changed and self._names(sections, changed):
                return table
        return None

    def remember(self) -> None:
        """Note how all rows are, before anything was asked."""
        self._pristine = {table: self._rows(table) for table in tables()}

    def _names(self, sections: tuple[str, ...], rows: set[Any]) -> bool:
        """Whether one of the rows is of these sections, or speaks of a row of theirs."""
        if sections not in self._raw:
            ids = {UUID(one) for section in sections for one in self.world.every_id(section)}
            self._raw[sections] = {one.bytes for one in ids} if self.ground.kind == "sqlite" else ids
        raw = self._raw[sections]
        kind = bytes if self.ground.kind == "sqlite" else UUID
        return any(isinstance(cell, kind) and cell in raw for row in rows for cell in row)

    def _rows(self, table: str) -> set[Any]:
        """All of them, each as the driver gave it; a cell that cannot be in a set as it is written."""
        found = self.ground.read(f"SELECT * FROM {table}")
        if self.ground.kind == "sqlite":
            return {tuple(row) for row in found}
        return {tuple(repr(cell) if isinstance(cell, dict | list) else cell for cell in row) for row in found}


def _bearer(who: Asker, ask: Ask) -> Asker:
    """Who holds a link sees what its person sees, whoever they are."""
    names = {*ask.query, *(name for name, _ in ask.form or ())}
    return replace(who, side="staff") if names & said.BEARERS.keys() else who


def oversees(who: Asker, route: Route) -> bool:
    """Whether the operator's people may see other houses' things here."""
    return who.side == "operator" and any(route.address.startswith(begin) for begin in said.OVERSEES)


def _whose(section: str) -> str:
    kind, _, name = section.partition(":")
    return f"customer {name}" if kind == "account" else f"tenant {name}"
