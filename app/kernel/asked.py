"""What somebody asked of a list, how many there are, and what the foot of its table says."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from app.kernel.filters import Reader, clean, parameter
from app.kernel.paging import Page


class Counted(NamedTuple):
    """How many there are, as far as it was counted."""

    number: int
    is_more: bool

    def __str__(self) -> str:
        return f"more than {self.number:,}" if self.is_more else f"{self.number:,}"

    @property
    def short(self) -> str:
        """For beside a title: `312`, `1,000+`."""
        return f"{self.number:,}{'+' if self.is_more else ''}"


@dataclass(frozen=True)
class Asked:
    """What somebody wants to see of a list, as far as it made sense."""

    here: str
    sort: str
    default_sort: str
    cursor: str
    values: Mapping[str, str]
    """By the name of each filter and of the search; empty is any."""
    variants: tuple[tuple[str, str], ...]
    bound: Mapping[str, Any]
    text: str
    plans: dict[UUID, Any] = field(default_factory=dict, compare=False, repr=False)
    """How the text is looked for, by tenant: found out once."""

    @property
    def is_filtered(self) -> bool:
        """Whether anything is left out."""
        return any(self.values.values())

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Names and values of the fields that say the same in a form."""
        pairs = [(name, value) for name, value in self.values.items() if value]
        return pairs if self.sort == self.default_sort else [*pairs, ("sort", self.sort)]

    def href(self, *, cursor: str | None = None, sort: str | None = None, **changed: str) -> str:
        """The address of this list narrowed in the same way; `changed` names filters that differ."""
        said = {**self.values, **changed}
        order = sort or self.sort
        said |= {"sort": "" if order == self.default_sort else order, "cursor": cursor or ""}
        query = urlencode({name: value for name, value in said.items() if value})
        return f"{self.here}?{query}" if query else self.here


def understood(
    here: str, given: Mapping[str, str], readers: Iterable[Reader], *, zone: str, sorts: Iterable[str], search: str = ""
) -> Asked:
    """What the address or form asks for; `zone` is whose days are meant, the first of `sorts` is the default, `search`
    the name of the text that is looked for."""
    values, variants, bound = {}, [], {}
    for reader in readers:
        found = reader.read(given.get(reader.name, ""), zone)
        values[reader.name] = found.said if found else ""
        if found:
            variants.append((reader.name, found.variant))
            bound[parameter(reader.name)] = found.bound
    text = clean(given.get(search, "")) if search else ""
    if search:
        values[search] = text
    orders = tuple(sorts)
    sort = given.get("sort", "")
    order = sort if sort in orders else orders[0]
    return Asked(here, order, orders[0], given.get("cursor", ""), values, tuple(variants), bound, text)


def simple(here: str, given: Mapping[str, str], *, states: Collection[str] = ()) -> Asked:
    """Of a list that stays short, which its room reads by itself, newest first: a text `q`, and one of `states`."""
    text, state = clean(given.get("q", "")), given.get("state", "")
    values = {"q": text, "state": state if state in states else ""}
    return Asked(here, "", "", given.get("cursor", ""), values, (), {}, text)


class Foot(NamedTuple):
    """For `ui.list_foot`."""

    text: str
    previous_href: str | None
    next_href: str | None


def foot(asked: Asked, found: Page[Any], total: Counted, one: str, many: str | None = None) -> Foot:
    """`50 of more than 1,000 customers`, what comes first if nobody asked for that, and the ways back and on."""
    order = f", {found.order}" if found.order else ""
    noun = one if total.number == 1 and not total.is_more else many or f"{one}s"
    return Foot(
        f"{len(found.items):,} of {total} {noun}{order}",
        asked.href(cursor=found.previous_cursor) if found.previous_cursor else None,
        asked.href(cursor=found.next_cursor) if found.next_cursor else None,
    )
