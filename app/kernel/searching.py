"""How a list finds what somebody typed: by the beginnings of words and of numbers, through indexes alone.

First it is counted, to `RARE` at most, how many records each word has, and
all together where each is common. Where that is few, they are taken from the
index of words and sorted; where it is many, the list is walked in its order
and fills a page soon. Either way the cost does not grow with the table. Of
numbers that begin in one way the `CANDIDATES` greatest are looked at.
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
RARE_ELSEWHERE = 250
"""The same where the words are those of another record, such as an invoice's customer, who has several."""
ENOUGH = 5000
"""So many words of records are those of more than a thousand records."""
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
        for kind in kinds:
            bound |= _rarest_first(kind, counts[kind], found)
        those = {kind: _among(kind, min(counts[kind]), len(found), bound, _most(search, kind)) for kind in kinds}
        common = [kind for kind in kinds if those[kind] > _most(search, kind)]
        begins = begins and not (common and _is_no_number(numbers, bound))
        found = found if any(those.values()) else []
    return Plan(begins, len(found), tuple(common)), bound


def _most(search: Search, kind: str) -> int:
    """How many records of that kind are few enough to be taken from the index."""
    is_own = all(by.key.key == "id" for by in search.by if isinstance(by, Words) and by.kind == kind)
    return RARE if is_own else RARE_ELSEWHERE


def _rarest_first(kind: str, counts: list[int], found: list[str]) -> dict[str, Any]:
    bound: dict[str, Any] = {}
    for index, (_, word) in enumerate(sorted(zip(counts, found, strict=True))):
        bound |= {f"{kind}_{index}": word, f"{kind}_{index}_end": word + LAST}
    return bound


def _among(kind: str, least: int, word_count: int, bound: dict[str, Any], most: int) -> int:
    """How many records have all the words, at most. One query where each word alone has more than `most`."""
    if least <= most or word_count == 1:
        return least
    return len(fetch(_some_ids(kind, word_count), bound | {"tenant": tenancy.current(), "limit": most + 1}))


def _is_no_number(numbers: list[Begins], bound: dict[str, Any]) -> bool:
    """Whether nothing has a number that begins so: then a walk need not ask of each row. One query for each column."""
    own = bound | {"tenant": tenancy.current()}
    return not any(fetch(_a_number(by, index), own) for index, by in enumerate(numbers))


@cache
def _a_number(by: Begins, index: int) -> Any:
    return tenancy.named(_by_number(by, index).limit(1), "names its own tenant")


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
    where += [other.tenant_id == first.c.tenant_id, getattr(other, by.key.key) == first.c.record_id]
    return sa.select(other.id).select_from(first, other).where(*where)


def counting(search: Search, how: Plan, *, is_bare: bool) -> sa.ColumnElement[bool] | None:
    """What a row of a walked list must be to be counted: read from the words' index; None where more is searched.

    Tenant and key are compared as one, so that no store begins at the other end.
    Where nothing else narrows the list, `ENOUGH` words are as good as all.
    """
    kinds = [by for by in search.by if isinstance(by, Words)]
    if how.begins or len(kinds) != 1:
        return None
    first, kind, key = _TERMS.alias(), kinds[0].kind, kinds[0].key
    where = _beginning(first, kind, f"{kind}_0")
    where += [_exists(kind, index, first.c.record_id) for index in range(1, how.word_count)]
    those = sa.select(first.c.tenant_id, first.c.record_id).where(*where)
    those = those.limit(ENOUGH) if is_bare and key.key == "id" else those
    return sa.tuple_(key.class_.tenant_id, key).in_(those)


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
    bound = _rarest_first(kind, counts, found) | {"tenant": tenancy.current(), "limit": limit}
    return [row[0] for row in fetch(_some_ids(kind, len(found)), bound)]


@cache
def _some_ids(kind: str, word_count: int) -> Any:
    first = _TERMS.alias()
    where = _beginning(first, kind, f"{kind}_0")
    where += [_exists(kind, index, first.c.record_id) for index in range(1, word_count)]
    some = sa.select(first.c.record_id).where(*where).limit(sa.bindparam("limit", type_=sa.Integer()))
    return tenancy.named(some, "names its own tenant")
