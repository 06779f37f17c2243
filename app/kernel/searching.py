"""How a list finds what somebody typed: by the beginnings of words and of numbers, through indexes alone.

First it is counted, to `RARE` at most, how many records have the words, how many rows of the list another record's
words mean, and how many numbers begin so. What is few is taken from its index and sorted; where it is many, the list
is walked in its order, or by number, and fills a page soon. The cost does not grow with the table, and nothing that is
found is left out.
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
FEW_ROWS = 5000
"""The same where the words are another record's, such as an invoice's customer: so many rows of the list."""
FEW_RECORDS = 50
"""So few others, however many rows they have, are asked one by one for the rows that come next."""
SPARSE = 50
"""Where `ENOUGH` of those others have fewer rows than this, a walk would not meet one soon."""
ENOUGH = 5000
"""So many words of records are those of more than a thousand records."""
_TERMS: Any = terms.SearchTerm.__table__
_TENANT = sa.bindparam("tenant", type_=Id())
_other: Any = aliased


class Begins(NamedTuple):
    """The list's own column begins with what was typed, if that is one word. It wants `columns.Code` and an index."""

    column: Any
    fold: Callable[[str], str] = str.upper
    """How the column is written: numbers in capitals."""
    rises: bool = False
    """Whether later rows have greater numbers: then what begins alike by the thousand is read in that order."""


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
    """Whether what was typed is the beginning of a number."""
    is_many: bool
    """Whether so many numbers begin so that they are not taken by key."""
    word_count: int
    common: tuple[str, ...]
    """The kinds whose records are walked, since each word is common there."""
    is_few: bool = False
    """Whether those words are few other records', each of which is asked for the rows that come next."""
    is_narrow: bool = False
    """Whether the list's filters alone leave so little that it is looked through."""

    @property
    def finds_nothing(self) -> bool:
        """Whether nothing was typed that anything could be found by."""
        return not self.begins and self.word_count == 0

    @property
    def is_by_number(self) -> bool:
        """Whether numbers alone are found, by the thousand, and nothing else leaves fewer."""
        return self.is_many and not self.word_count and not self.is_narrow

    @property
    def is_walked(self) -> bool:
        """Whether the list is read in its order instead of from the candidates."""
        return bool(self.common) or self.is_many


def fetch(statement: Any, bound: dict[str, Any]) -> list[Any]:
    """The rows of a statement that names its own tenant. What only reads goes past the session's own layers."""
    return db.session().read(statement, bound)


def store() -> str:
    """Which store is asked, where one must be led to its indexes."""
    return db.session().get_bind().dialect.name


def plan(search: Search, text: str) -> tuple[Plan, dict[str, Any]]:
    """How to look for `text`, and the parameters. Four queries at most, each of some thousand entries of an index."""
    numbers = [by for by in search.by if isinstance(by, Begins)]
    kinds = tuple(dict.fromkeys(by.kind for by in search.by if isinstance(by, Words)))
    found = terms.words_in(text) if kinds else []
    bound: dict[str, Any] = {"tenant": tenancy.current()}
    common: list[str] = []
    most, is_few = 0, False
    if numbers and not any(letter.isspace() for letter in text):
        for index, by in enumerate(numbers):
            bound |= {f"begins_{index}": by.fold(text), f"begins_{index}_end": by.fold(text) + LAST}
        most = max(fetch(_counting_numbers(by, index), bound)[0][0] for index, by in enumerate(numbers))
    if found:
        counts = _count(kinds, found)
        for kind in kinds:
            bound |= _rarest_first(kind, counts[kind], found)
        those = {kind: _among(kind, min(counts[kind]), len(found), bound) for kind in kinds}
        common = [kind for kind in kinds if those[kind] and _is_common(search, kind, those[kind], len(found), bound)]
        is_few = len(kinds) == 1 and bool(common) and those[kinds[0]] <= FEW_RECORDS and not most
        found = found if any(those.values()) else []
    return Plan(most > 0, most > RARE, len(found), tuple(common), is_few), bound


def _is_common(search: Search, kind: str, those: int, word_count: int, bound: dict[str, Any]) -> bool:
    """Whether more is found by the words of that kind than is taken by key. One query where another record has them."""
    elsewhere = [by for by in search.by if isinstance(by, Words) and by.kind == kind and by.key.key != "id"]
    if not elsewhere:
        return those > RARE
    rows = max(fetch(_counting_rows(by, word_count, store()), bound)[0][0] for by in elsewhere)
    return bool(rows > (FEW_ROWS if those <= RARE else SPARSE))


def _rarest_first(kind: str, counts: list[int], found: list[str]) -> dict[str, Any]:
    bound: dict[str, Any] = {}
    for index, (_, word) in enumerate(sorted(zip(counts, found, strict=True))):
        bound |= {f"{kind}_{index}": word, f"{kind}_{index}_end": word + LAST}
    return bound


def _among(kind: str, least: int, word_count: int, bound: dict[str, Any]) -> int:
    """How many records have all the words, at most. One query where each word alone is common."""
    if least <= RARE or word_count == 1:
        return least
    return len(fetch(_some_ids(kind, word_count), bound | {"limit": RARE + 1}))


@cache
def _counting_numbers(by: Begins, index: int) -> Any:
    """How many begin so, to one more than `RARE`."""
    some = sa.select(sa.literal(1)).where(by.column.class_.tenant_id == _TENANT, begins(by, index)).limit(RARE + 1)
    counted = sa.select(sa.func.count()).select_from(some.subquery())
    return tenancy.named(counted, "names its own tenant")


@cache
def _counting_rows(by: Words, word_count: int, on_store: str) -> Any:
    """How many rows the first `ENOUGH` of the records with all the words have, to one more than `FEW_ROWS`."""
    some = _rows_of(by, with_words(by.kind, word_count).limit(ENOUGH).subquery(), on_store).limit(FEW_ROWS + 1)
    counted = sa.select(sa.func.count()).select_from(some.subquery())
    return tenancy.named(counted, "names its own tenant")


def _rows_of(by: Words, those: Any, on_store: str) -> Any:
    """The ids of the rows of other records, read record by record: PostgreSQL would read the whole table for many."""
    other = _other(by.key.class_)
    mine = (other.tenant_id == _TENANT, getattr(other, by.key.key) == those.c.record_id)
    if on_store != "postgresql":
        return sa.select(other.id).select_from(those, other).where(*mine)
    each = sa.select(other.id).where(*mine).offset(0).correlate(those).lateral()
    return sa.select(each.c.id).select_from(those).join(each, sa.true())


def with_words(kind: str, word_count: int) -> Any:
    """Ids and tenant of the records that have all the words; the rarest comes first."""
    first = _TERMS.alias()
    where = _beginning(first, kind, f"{kind}_0")
    where += [_exists(kind, index, first.c.record_id) for index in range(1, word_count)]
    return sa.select(first.c.record_id, first.c.tenant_id).where(*where)


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
    for index, number in enumerate(by for by in search.by if isinstance(by, Begins)):
        if how.is_many:  # said so that no store takes the index of numbers: the list is walked in its order
            conditions.append(begins(number, index).is_(True))
        elif how.begins:
            candidates.append(_by_number(number, index))
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


def begins(by: Begins, index: int, column: Any = None) -> sa.ColumnElement[bool]:
    """The number begins as was typed."""
    number = by.column if column is None else column
    found: sa.ColumnElement[bool] = sa.and_(
        number >= sa.bindparam(f"begins_{index}", type_=Code()),
        number < sa.bindparam(f"begins_{index}_end", type_=Code()),
    )
    return found


def _by_number(by: Begins, index: int) -> Any:
    """The ids of the rows whose numbers begin so."""
    other = _other(by.column.class_)
    number = getattr(other, by.column.key)
    return sa.select(other.id).where(other.tenant_id == _TENANT, begins(by, index, number))


def _by_words(by: Words, model: type[TenantRecord], word_count: int) -> Any:
    """The ids of the rows whose record has all the words."""
    if by.key.class_ is model and by.key.key == "id":
        few = with_words(by.kind, word_count).limit(2 * RARE).subquery()
        return sa.select(few.c.record_id)
    return _rows_of(by, with_words(by.kind, word_count).subquery(), store())


def counting(search: Search, how: Plan, *, most: int | None = None) -> sa.ColumnElement[bool] | None:
    """What a row that is found by common words must be to be counted, read from their index; None where none are.

    Tenant and key are compared as one, so that no store begins at the other end. At most `most` words are looked at.
    """
    kinds = [by for by in search.by if isinstance(by, Words)]
    if not how.common or len(kinds) != 1:
        return None
    key = kinds[0].key
    return sa.tuple_(key, key.class_.tenant_id).in_(with_words(kinds[0].kind, how.word_count).limit(most))


def _has_word(by: Words, index: int) -> sa.ColumnElement[bool]:
    """Asked of each row of a walk: no store makes a join of what is asked for so."""
    more = _TERMS.alias()
    where = (*_beginning(more, by.kind, f"{by.kind}_{index}"), more.c.record_id == by.key)
    return sa.select(sa.literal(1)).where(*where).limit(1).correlate_except(more).scalar_subquery().is_not(None)


def _exists(kind: str, index: int, record_id: Any) -> sa.ColumnElement[bool]:
    more = _TERMS.alias()
    return sa.exists().where(*_beginning(more, kind, f"{kind}_{index}"), more.c.record_id == record_id)


def record_ids(kind: str, text: str, *, limit: int = 50) -> list[Any]:
    """The ids of some records that have all the words of `text`: for a search over many rooms. Two queries at most."""
    return records((kind,), text, limit=limit)[kind]


def records(kinds: tuple[str, ...], text: str, *, limit: int = 50) -> dict[str, list[Any]]:
    """The same of several kinds. One query, and one more for each kind that has them."""
    asked, found = terms.words_in(text), {kind: list[Any]() for kind in kinds}
    counted = _count(kinds, asked) if asked else {}
    for kind in [kind for kind, counts in counted.items() if all(counts)]:
        bound = _rarest_first(kind, counted[kind], asked) | {"tenant": tenancy.current(), "limit": limit}
        found[kind] = [row[0] for row in fetch(_some_ids(kind, len(asked)), bound)]
    return found


@cache
def _some_ids(kind: str, word_count: int) -> Any:
    some = with_words(kind, word_count).limit(sa.bindparam("limit", type_=sa.Integer()))
    return tenancy.named(some, "names its own tenant")
