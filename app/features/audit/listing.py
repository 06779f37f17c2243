"""What the log can be narrowed by, and how an address says it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from werkzeug.datastructures import MultiDict

from app.features.audit.actions import ACTIONS
from app.features.audit.models import SEVERITIES, AuditLog
from app.kernel import ids
from app.kernel.asked import understood
from app.kernel.filters import Reader, Reading, clean
from app.kernel.lists import Asked, Exact, Foot, Given, Listing, Since, Sort, Until
from app.kernel.paging import Page

HERE = "/admin/audit"
MOST_ACTIONS = 100
"""So many actions can be asked for at once."""
MOST_WORDS = 5
_CANONICAL = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh"
_HEX = frozenset("0123456789abcdef")
_SPLIT = re.compile(r"[^\w-]+|_+")


class Line(NamedTuple):
    """One row of the log, as lists show it. Its states are read on its own page alone."""

    id: UUID
    created_at: datetime
    action: str
    resource_type: str
    resource_id: UUID | None
    severity: str
    actor_user_id: UUID | None
    actor_key_id: UUID | None
    impersonator_user_id: UUID | None
    request_id: str
    is_gdpr: bool
    is_pci: bool
    personal: bytes | None
    personal_key_id: UUID | None


@dataclass(frozen=True)
class _Several:
    """One or more of a fixed list, between commas."""

    name: str

    def read(self, given: str, _zone: str) -> Reading | None:
        said = [one for one in dict.fromkeys(given[:6100].split(",")) if one in ACTIONS or _is_action(one)]
        return Reading(",".join(said[:MOST_ACTIONS])) if said else None


def _is_action(text: str) -> bool:
    """What could have been an action once: the list of them may have become shorter since."""
    return re.fullmatch(r"[A-Z][A-Z_]{2,59}", text) is not None


@dataclass(frozen=True)
class _Word:
    """A text that is taken as it is, as far as `pattern` allows."""

    name: str
    pattern: str = ".+"

    def read(self, given: str, _zone: str) -> Reading | None:
        said = clean(given)
        return Reading(said) if re.fullmatch(self.pattern, said) else None


READERS: tuple[Reader, ...] = (
    _Word("q"),
    Exact("user", AuditLog.actor_user_id),
    _Several("action"),
    _Word("type", r"[a-z][a-z0-9_]{0,59}"),
    Exact("id", AuditLog.resource_id),
    Exact("severity", AuditLog.severity, SEVERITIES[1:]),
    Since("from", AuditLog.created_at),
    Until("to", AuditLog.created_at),
    Given("gdpr", AuditLog.is_gdpr.is_(True)),
    Given("pci", AuditLog.is_pci.is_(True)),
    _Word("request", r"[\w.:-]{1,64}"),
)
"""What an address may say. The rows are found by `reading`."""
WHOLE = Listing(
    name="audit",
    here=HERE,
    model=AuditLog,
    columns=(AuditLog.id, AuditLog.created_at),
    sorts={"newest": Sort("Newest first", AuditLog.created_at, is_falling=True)},
)
"""The log as nothing narrows it, to be counted."""


def read(given: Mapping[str, str], *, zone: str = "UTC") -> Asked:
    """What an address or form asks for; an action that is given several times is all of them."""
    plain = {name: given.get(name, "") for name in (*(one.name for one in READERS), "cursor")}
    if isinstance(given, MultiDict):
        plain["action"] = ",".join(given.getlist("action"))
    return understood(HERE, plain, READERS, zone=zone, sorts=WHOLE.sorts)


def foot(asked: Asked, found: Page[Line], text: str) -> Foot:
    """The ways back and on of a page, under its `text`."""
    ways = (asked.href(cursor=cursor) if cursor else None for cursor in (found.previous_cursor, found.next_cursor))
    return Foot(text, *ways)


Arm = tuple[tuple[Any, Any], ...]
"""Columns and what they equal: the beginning of one index."""


class Lead(NamedTuple):
    """A filter whose rows an index finds: one arm of the index for each value that is asked for."""

    arms: tuple[Arm, ...]

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        """The same as a condition on a row."""
        return sa.or_(*(sa.and_(*(column == value for column, value in arm)) for arm in self.arms))


@dataclass(frozen=True)
class Wish:
    """What is looked for in the log."""

    since: datetime | None = None
    until: datetime | None = None
    leads: tuple[Lead, ...] = ()
    others: tuple[sa.ColumnElement[bool], ...] = ()
    """What no index of its own finds."""
    is_nothing: bool = False
    """Whether no row could fit."""

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.since or self.until or self.leads or self.others or self.is_nothing)


T: Any = AuditLog.__table__
"""The log's table. Who reads it names the tenant."""


def wish(asked: Asked, words: "Vocabulary") -> Wish:
    """What `asked` means, with the actions and types that the log knows."""
    said = asked.values
    leads: list[Lead] = []
    others: list[sa.ColumnElement[bool]] = []
    if said["request"]:
        leads.append(Lead((((T.c.request_id, said["request"]),),)))
    if said["id"]:
        row_id = ids.parse_id(said["id"])
        leads.append(Lead(tuple(((T.c.resource_type, kind), (T.c.resource_id, row_id)) for kind in words.types)))
    if said["user"]:
        user_id = ids.parse_id(said["user"])
        leads.append(Lead((((T.c.actor_user_id, user_id),), ((T.c.impersonator_user_id, user_id),))))
    if said["action"]:
        leads.append(Lead(tuple(((T.c.action, one),) for one in said["action"].split(","))))
    if said["type"]:
        leads.append(Lead((((T.c.resource_type, said["type"]),),)))
    if said["severity"]:
        wanted = SEVERITIES[SEVERITIES.index(said["severity"]) :]
        if "info" in wanted:
            others.append(T.c.severity.in_(wanted))
        else:
            leads.append(Lead(tuple(((T.c.severity, one),) for one in wanted)))
    others += [T.c[f"is_{flag}"].is_(True) for flag in ("gdpr", "pci") if said[flag]]
    text = _text(said["q"], words)
    since, until = asked.bound.get("by_from"), asked.bound.get("by_to")
    if text is None:
        return Wish(is_nothing=True)
    leads += text.leads
    return Wish(since, until, tuple(leads), (*others, *text.others), any(not lead.arms for lead in leads))


class Vocabulary(NamedTuple):
    """Every action and every type of record that stands in the log."""

    actions: tuple[str, ...]
    types: tuple[str, ...]


def words_in(text: str) -> list[str]:
    """The beginnings of words that somebody looks for. An id, or the beginning of one, is a word."""
    found: list[str] = []
    for part in _SPLIT.split(text.lower()):
        found += [part] if _range(part) else part.split("-")
    return [word for word in dict.fromkeys(found) if word][:MOST_WORDS]


def _text(text: str, known: Vocabulary) -> Wish | None:
    """The rows in whose description each word of `text` begins a word; None when no row can have them.

    A description is the action, the type and the id, and nothing else. So it is the words of the few actions and types
    that are looked at, and the index of ids, instead of an index of every word of every row: the answer is the same.
    """
    words = words_in(text)
    if not words:
        return Wish() if not text else None
    parts = [_Part.of(word, known) for word in words]
    if any(part.is_empty for part in parts):
        return None
    whole = next((part.first for part in parts if part.first is not None and part.first == part.last), None)
    leads: list[Lead] = []
    if whole is not None:
        leads.append(Lead(tuple(((T.c.resource_type, kind), (T.c.resource_id, whole)) for kind in known.types)))
    elif all(part.is_action_only for part in parts):
        common = [one for one in known.actions if all(one in part.actions for part in parts)]
        return Wish(leads=(Lead(tuple(((T.c.action, one),) for one in common)),)) if common else None
    return Wish(leads=tuple(leads), others=tuple(part.condition for part in parts))


class _Part(NamedTuple):
    """What one word may be the beginning of."""

    actions: tuple[str, ...]
    types: tuple[str, ...]
    first: UUID | None
    last: UUID | None

    @classmethod
    def of(cls, word: str, known: Vocabulary) -> "_Part":
        span = _range(word)
        return cls(
            tuple(one for one in known.actions if any(part.startswith(word) for part in one.lower().split("_"))),
            tuple(one for one in known.types if any(part.startswith(word) for part in one.split("_"))),
            *(span or (None, None)),
        )

    @property
    def is_empty(self) -> bool:
        return not self.actions and not self.types and self.first is None

    @property
    def is_action_only(self) -> bool:
        return not self.types and self.first is None

    @property
    def condition(self) -> sa.ColumnElement[bool]:
        return sa.or_(*self._conditions())

    def _conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        if self.actions:
            yield T.c.action.in_(self.actions)
        if self.types:
            yield T.c.resource_type.in_(self.types)
        if self.first is not None:
            yield T.c.resource_id.between(self.first, self.last)


def _range(word: str) -> tuple[UUID, UUID] | None:
    """The first and the last id that begins with `word`; None when none can."""
    pairs = zip(word, _CANONICAL, strict=False)
    if not 0 < len(word) <= len(_CANONICAL) or any((sign == "-") != (place == "-") for sign, place in pairs):
        return None
    if not set(word) <= {*_HEX, "-"}:
        return None
    rest = _CANONICAL[len(word) :]
    return UUID(word + rest.replace("h", "0")), UUID(word + rest.replace("h", "f"))
