"""How a list finds what somebody typed: by the beginnings of words and of numbers, through indexes alone.

First it is counted, to `RARE` at most, how many records each word has. Where
that is few, they are taken from the index of words and sorted; where it is
many, the list is walked in its order and fills a page soon. Either way the
cost does not grow with the table. Of numbers that begin in one way the
`CANDIDATES` greatest are looked at.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from app.kernel import db, tenancy, terms
from app.kernel.columns import Code, Id
from app.kernel.filters import clean as clean
from app.kernel.tenancy import TenantRecord
from app.kernel.terms import LAST

RARE = 2000
"""So many rows are taken by key and sorted as fast as a list of 100,000 is walked until a page of them is full."""
CANDIDATES = 1000
_TERMS: Any = terms.SearchTerm.__table__
_TENANT = sa.bindparam("tenant", type_=Id())


class Begins(NamedTuple):
    """The column begins with what was typed, if that is one word. It wants `columns.Code` and an index."""

    column: Any
    fold: Callable[[str], str] = str.upper
    """How the column is written: numbers in capitals."""


class Words(NamedTuple):
    """Each word that was typed begins a word of the record that `key` names, kept by `terms.keep(kind, ...)`."""

    kind: str
    key: Any


class Search:
    """What a list is searched by: any of `by`."""

    def __init__(self, name: str, *by: Begins | Words) -> None:
        self.name, self.by = name, by


class Plan(NamedTuple):
    """How one search is done: part of what a statement is kept by."""

    begins: bool
    """Whether what was typed may be the beginning of a number."""
    word_count: int
    common: tuple[str, ...]
    """The kinds whose records are walked, since each word is common there."""

    @property
    def finds_nothing(self) -> bool:
        """Whether nothing was typed that anything could be found by."""
        return not self.begins and self.word_count == 0

    @property
    def is_walked(self) -> bool:
        """Whether the list is read in its order instead of from the candidates."""
        return bool(self.common)


def fetch(statement: Any, bound: dict[str, Any]) -> list[Any]:
    """The rows of a statement that names its own tenant. What only reads goes past the session's own layers."""
    session = db.session()
    if session.info["write"]:
        return list(session.execute(statement, bound).all())
    return list(session.connection().execute(statement, bound).all())


def plan(search: Search, text: str) -> tuple[Plan, dict[str, Any]]:
    """How to look for `text`, and the parameters. One query where words are looked for."""
    numbers = [by for by in search.by if isinstance(by, Begins)]
    kinds = tuple(dict.fromkeys(by.kind for by in search.by if isinstance(by, Words)))
    begins = bool(numbers) and not any(letter.isspace() for letter in text)
    found = terms.words_in(text) if kinds else []
    bound: dict[str, Any] = {}
    common: list[str] = []
    if begins:
        for index, by in enumerate(numbers):
            bound |= {f"begins_{index}": by.fold(text), f"begins_{index}_end": by.fold(text) + LAST}
    if found:
        counts = _count(kinds, found)
        common = [kind for kind in kinds if min(counts[kind]) > RARE]
        for kind in kinds:
            for index, (_, word) in enumerate(sorted(zip(counts[kind], found, strict=True))):
                bound |= {f"{kind}_{index}": word, f"{kind}_{index}_end": word + LAST}
    return Plan(begins, len(found), tuple(common)), bound


def _count(kinds: tuple[str, ...], found: list[str]) -> dict[str, list[int]]:
    """How many rows each word has among each kind, to one more than `RARE`."""
    bound: dict[str, Any] = {"tenant": tenancy.current()}
    for index, word in enumerate(found):
        bound |= {f"word_{index}": word, f"word_{index}_end": word + LAST}
    row = list(fetch(_counting(kinds, len(found)), bound)[0])
    return {kind: row[place * len(found) : (place + 1) * len(found)] for place, kind in enumerate(kinds)}


@cache
def _counting(kinds: tuple[str, ...], word_count: int) -> Any:
    counts = []
    for kind in kinds:
        for index in range(word_count):
            some = sa.select(sa.literal(1)).where(*_beginning(_TERMS, kind, f"word_{index}"))
            some = some.order_by(_TERMS.c.word, _TERMS.c.record_id).limit(RARE + 1)  # as the index has it: no scan
            counts.append(sa.select(sa.func.count()).select_from(some.subquery()).scalar_subquery())
    return tenancy.named(sa.select(*counts), "names its own tenant")


def _beginning(table: Any, kind: str, name: str) -> list[sa.ColumnElement[bool]]:
    return [
        table.c.tenant_id == _TENANT,
        table.c.kind == sa.literal(kind),
        table.c.word >= sa.bindparam(name, type_=Code()),
        table.c.word < sa.bindparam(f"{name}_end", type_=Code()),
    ]


def condition(search: Search, model: type[TenantRecord], how: Plan) -> sa.ColumnElement[bool]:
    """What a row must be to be found."""
    candidates: list[Any] = []
    conditions: list[sa.ColumnElement[bool]] = []
    if how.begins:
        numbers = [by for by in search.by if isinstance(by, Begins)]
        candidates += [_by_number(by, index) for index, by in enumerate(numbers)]
    for by in search.by:
        if not isinstance(by, Words) or not how.word_count:
            continue
        if by.kind in how.common:
            conditions.append(sa.and_(*[_has_word(by, index) for index in range(how.word_count)]))
        else:
            candidates.append(_by_words(by, model, how.word_count))
    if candidates:
        union: Any = sa.union_all  # its overloads are more than mypy can bear
        conditions.append(model.id.in_(candidates[0] if len(candidates) == 1 else union(*candidates)))
    return sa.or_(*conditions)


def _alias(model: Any) -> Any:
    return aliased(model)


def _by_number(by: Begins, index: int) -> Any:
    """The ids of the rows with the greatest numbers that begin so."""
    other = _alias(by.column.class_)
    column: Any = getattr(other, by.column.key)
    greatest = (
        sa.select(other.id)
        .where(
            other.tenant_id == _TENANT,
            column >= sa.bindparam(f"begins_{index}", type_=Code()),
            column < sa.bindparam(f"begins_{index}_end", type_=Code()),
        )
        .order_by(column.desc())
        .limit(CANDIDATES)
        .subquery()
    )
    return sa.select(greatest.c.id)


def _by_words(by: Words, model: type[TenantRecord], word_count: int) -> Any:
    """The ids of the rows whose record has all the words; the rarest comes first."""
    first = _TERMS.alias()
    where = _beginning(first, by.kind, f"{by.kind}_0")
    for index in range(1, word_count):
        where.append(_exists(by.kind, index, first.c.record_id))
    if by.key.class_ is model and by.key.key == "id":
        few = sa.select(first.c.record_id).where(*where).limit(RARE + 1).subquery()
        return sa.select(few.c.record_id)
    other = _alias(by.key.class_)
    where += [other.tenant_id == _TENANT, getattr(other, by.key.key) == first.c.record_id]
    return sa.select(other.id).select_from(first, other).where(*where)


def counting(search: Search, model: type[TenantRecord], how: Plan) -> tuple[Any, list[Any]] | None:
    """What a count of a walked list is read from, and its conditions: the words' index, which can stop early.

    None where more than one thing is searched.
    """
    kinds = [by for by in search.by if isinstance(by, Words)]
    if how.begins or len(kinds) != 1:
        return None
    first, kind = _TERMS.alias(), kinds[0].kind
    where = _beginning(first, kind, f"{kind}_0")
    where += [_exists(kind, index, first.c.record_id) for index in range(1, how.word_count)]
    return sa.join(first, model, kinds[0].key == first.c.record_id), where


def _has_word(by: Words, index: int) -> sa.ColumnElement[bool]:
    return _exists(by.kind, index, by.key)


def _exists(kind: str, index: int, record_id: Any) -> sa.ColumnElement[bool]:
    more = _TERMS.alias()
    return sa.exists().where(*_beginning(more, kind, f"{kind}_{index}"), more.c.record_id == record_id)


def record_ids(kind: str, text: str, *, limit: int = 50) -> list[Any]:
    """The ids of some records that have all the words of `text`: for a search over many rooms. Two queries at most."""
    found = terms.words_in(text)
    if not found:
        return []
    counts = _count((kind,), found)[kind]
    if not all(counts):
        return []
    bound: dict[str, Any] = {"tenant": tenancy.current(), "limit": limit}
    for index, (_, word) in enumerate(sorted(zip(counts, found, strict=True))):
        bound |= {f"{kind}_{index}": word, f"{kind}_{index}_end": word + LAST}
    return [row[0] for row in fetch(_some_ids(kind, len(found)), bound)]


@cache
def _some_ids(kind: str, word_count: int) -> Any:
    first = _TERMS.alias()
    where = _beginning(first, kind, f"{kind}_0")
    where += [_exists(kind, index, first.c.record_id) for index in range(1, word_count)]
    some = sa.select(first.c.record_id).where(*where).limit(sa.bindparam("limit", type_=sa.Integer()))
    return tenancy.named(some, "names its own tenant")
