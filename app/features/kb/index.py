"""The full-text index: one row for each article that readers see, written in the transaction that publishes it.

FTS5 and tsvector are given the same words and asked the same questions. Each
statement names its tenant in the index itself, so that others' rows are not
even looked at: on SQLite as a word, on PostgreSQL as the beginning of each.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.kb.words import indexed
from app.kernel import db, tenancy
from app.kernel.columns import Id

RANKED = 1000
"""Of what is found, so many of the newest are ranked: the cost does not grow with the articles."""
PARTS = (("words", True, 1), ("heads", True, 4), ("title", True, 3), ("title", False, 8))
"""Where all the words stand, whether their beginnings suffice, and what that counts. `heads` are title and tags. What
one finds is found by those before it, too: each is asked only where the one before found something."""
_MINE = "names its own tenant"


class Ranked(NamedTuple):
    """One article that was found."""

    page_id: UUID
    article_id: UUID
    slug: str
    category_id: UUID | None
    minutes: int
    title: str
    plain: str
    """The first 20,000 characters of its text."""
    total: int
    """How many were ranked in all."""


def put(number: int | None, *, title: str, tags: Sequence[str], body: str) -> int:
    """Write one article's words, in place of those at `number`; its row, which is the newest."""
    session = db.session()
    if number is not None:
        drop(number)
    named = {"title": indexed(title), "tags": indexed(" ".join(tags)), "body": indexed(body)}
    if _is_postgresql():
        heads = {*named["title"], *named["tags"]}
        given = {"title": {*named["title"]}, "heads": heads, "words": {*heads, *named["body"]}}
        marked = {name: sorted(mark() + word for word in found) for name, found in given.items()}
        inserted = session.execute(_statement(_INSERT_POSTGRESQL), {"tenant": tenancy.current(), **marked})
        return int(inserted.scalar_one())
    texts = {name: " ".join(found) for name, found in named.items()}
    of = {"of": tenancy.current().hex}
    session.execute(_statement(_INSERT_SQLITE), of | texts)
    number = int(session.execute(_statement("SELECT last_insert_rowid() AS number")).scalar_one())
    del texts["body"]
    session.execute(_statement(_INSERT_HEADS), of | texts | {"number": number})
    return number


def drop(number: int) -> None:
    """Take one article's words out."""
    if _is_postgresql():
        given: dict[str, Any] = {"tenant": tenancy.current(), "number": number}
        db.session().execute(_statement("DELETE FROM kb_search WHERE tenant_id = :tenant AND number = :number"), given)
        return
    given = {"of": tenancy.current().hex, "number": number}
    for table in ("kb_search", "kb_search_heads"):
        db.session().execute(_statement(f"DELETE FROM {table} WHERE rowid = :number AND tenant = :of"), given)


def unmarked(*, limit: int = 1000) -> list[int]:
    """Rows of the tenant whose words no search finds: the release before wrote them after the index had changed.

    Between `mpanel migrate` and the end of the old processes there may be some: on PostgreSQL without their tenant's
    mark, on SQLite without the index of titles and tags.
    """
    given: dict[str, Any] = {"tenant": tenancy.current(), "limit": limit}
    given |= {"mark": f"'{mark()}':*"} if _is_postgresql() else {}
    wanted = _UNMARKED if _is_postgresql() else _HEADLESS
    return [row[0] for row in db.session().execute(_statement(wanted), given)]


_UNMARKED = (
    "SELECT number FROM kb_search WHERE tenant_id = :tenant AND NOT words @@ CAST(:mark AS tsquery) LIMIT :limit"
)
_HEADLESS = (
    "SELECT number FROM kb_pages WHERE tenant_id = :tenant AND number IS NOT NULL "
    "AND number NOT IN (SELECT rowid FROM kb_search_heads) LIMIT :limit"
)
_INSERT_SQLITE = "INSERT INTO kb_search (tenant, title, tags, body) VALUES (:of, :title, :tags, :body)"
_INSERT_HEADS = (
    "INSERT OR REPLACE INTO kb_search_heads (rowid, tenant, title, tags) VALUES (:number, :of, :title, :tags)"
)
"""The release before took articles out of the other index alone; what it left here goes with the next of its number."""
_INSERT_POSTGRESQL = (
    "INSERT INTO kb_search (tenant_id, title, heads, words) "
    "VALUES (:tenant, array_to_tsvector(CAST(:title AS text[])), "
    "array_to_tsvector(CAST(:heads AS text[])), array_to_tsvector(CAST(:words AS text[]))) RETURNING number"
)
_NARROW = " AND {row} IN (SELECT number FROM kb_pages WHERE tenant_id = :tenant{further})"
_OF_CATEGORY = " AND category_id = :category"
_OF_TAG = " AND article_id IN (SELECT article_id FROM kb_page_tags WHERE tenant_id = :tenant AND tag = :tag)"
_SQLITE = (
    "{name} AS (SELECT rowid AS number, {weight} AS weight FROM {table} WHERE {table} MATCH :{name} {narrow} "
    "ORDER BY rowid DESC LIMIT {most})"
)
_POSTGRESQL = (
    "{name} AS (SELECT number, {weight} AS weight FROM kb_search WHERE tenant_id = :tenant "
    "AND {part} @@ CAST(:{name} AS tsquery) {narrow} ORDER BY number + 0 DESC LIMIT {most})"
)
"""`+ 0`: walking back through the numbers would read every article's words, which costs more than sorting the found."""
_MOST = "CAST(:most AS bigint)"
_IF_ANY = f"CASE WHEN EXISTS (SELECT 1 FROM {{before}}) THEN {_MOST} ELSE 0 END"
_RANKING = (
    "WITH {parts} SELECT page.id AS page_id, page.article_id, page.slug, page.category_id, page.minutes, page.title, "
    "substr(page.plain, 1, 20000) AS plain, best.total "
    "FROM (SELECT kb_pages.id, ranked.score, kb_pages.views, ranked.number, count(*) OVER () AS total "
    "FROM (SELECT number, sum(weight) AS score FROM ({found}) AS found GROUP BY number) AS ranked "
    "{join} kb_pages ON kb_pages.number = ranked.number AND kb_pages.tenant_id = :tenant "
    "ORDER BY ranked.score DESC, kb_pages.views DESC, ranked.number DESC LIMIT :limit OFFSET :offset) AS best "
    "{join} kb_pages AS page ON page.id = best.id AND page.tenant_id = :tenant "
    "ORDER BY best.score DESC, best.views DESC, best.number DESC"
)
"""The inner part reads indexes alone; only the rows that are shown are read whole. On SQLite a `CROSS JOIN` is done in
the order in which it is written: where nobody has run ANALYZE it would read every page of the tenant."""


def rank(
    wanted: Sequence[str], *, limit: int, offset: int = 0, category_id: UUID | None = None, tag: str | None = None
) -> list[Ranked]:
    """The articles with all the words, best first: those that have them in the title, then in the tags, then at all.

    Equal ones by how often they are read, then newest first. One query.
    """
    given: dict[str, Any] = {f"{part}_{is_begun:d}": _question(wanted, part, is_begun) for part, is_begun, _ in PARTS}
    given |= {"tenant": tenancy.current(), "limit": limit, "offset": offset, "most": RANKED}
    given |= {"category": category_id} if category_id is not None else {}
    given |= {"tag": tag} if tag is not None else {}
    statement = _ranking(db.session().get_bind().dialect.name, category_id is not None, tag is not None)
    return [Ranked(*row) for row in db.session().execute(statement, given)]


@cache
def _ranking(store: str, has_category: bool, has_tag: bool) -> Any:
    one, row = (_POSTGRESQL, "number") if store == "postgresql" else (_SQLITE, "rowid")
    further = (_OF_CATEGORY if has_category else "") + (_OF_TAG if has_tag else "")
    narrow = _NARROW.format(row=row, further=further) if further else ""
    parts, most = [], _MOST
    for part, is_begun, weight in PARTS:
        name = f"{part}_{is_begun:d}"
        table = "kb_search" if part == "words" else "kb_search_heads"
        parts.append(one.format(name=name, table=table, part=part, weight=weight, narrow=narrow, most=most))
        most = _IF_ANY.format(before=name)
    found = " UNION ALL ".join(f"SELECT number, weight FROM {part}_{is_begun:d}" for part, is_begun, _ in PARTS)
    join = "JOIN" if store == "postgresql" else "CROSS JOIN"
    return _statement(_RANKING.format(parts=", ".join(parts), found=found, join=join))


def _question(wanted: Sequence[str], part: str, is_begun: bool) -> str:
    """In the store's own language. The words are letters and digits alone, so nothing in them means anything there."""
    if _is_postgresql():
        return " & ".join(f"'{mark()}{word}'{':*' if is_begun else ''}" for word in wanted)
    where = {"title": "title : ", "heads": "{title tags} : ", "words": "{title tags body} : "}[part]
    found = " AND ".join(f'"{word}"{" *" if is_begun else ""}' for word in wanted)
    return f'tenant : "{tenancy.current().hex}" AND {where}({found})'


def mark() -> str:
    """How the tenant's words begin on PostgreSQL: no two tenants share a part of the index. No word has a hyphen."""
    return f"{tenancy.current().hex[-8:]}-"


@cache
def _statement(text: str) -> Any:
    made = sa.text(text)
    for name in ("tenant", "category"):
        if f":{name}" in text:
            made = made.bindparams(sa.bindparam(name, type_=Id()))
    if " AS page_id" in text:
        ids = {name: Id() for name in ("page_id", "article_id", "category_id")}
        return tenancy.named(made.columns(**ids), _MINE)
    return tenancy.named(made, _MINE)


def _is_postgresql() -> bool:
    return bool(db.session().get_bind().dialect.name == "postgresql")
