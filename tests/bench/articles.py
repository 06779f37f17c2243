"""So many articles in the panel's help centre: `python -m tests.bench.articles COUNT` in a panel's environment.

Prints how long the raw full-text query takes there for each question, in
milliseconds. The text is as unequal as a language: nearly half of it are words
that say nothing, the others follow Zipf's law, and the most frequent of them
stands in a third of the articles. Written in bulk, with the rows that
publishing writes, by the same `index` and `spelling`.
"""

import json
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate, islice
from typing import Any

import sqlalchemy as sa

from app.features.kb import index, spelling
from app.features.kb.models import Article, KnownWord, LivePage
from app.features.kb.words import COMMON, indexed
from app.features.tenants import service as tenants
from app.kernel import clock, db, tenancy
from app.kernel.ids import new_id
from app.running.ground import panel

WORDS, SHORTEST, LONGEST, AT_ONCE = 30_000, 40, 200, 1000
EMPTY_SHARE, FLATTENED = 0.45, 18
"""The share of words that say nothing; and Mandelbrot's constant, which keeps the first of the others at a third."""
MARK = "articles: "
_SYLLABLES = [first + second for first in "bcdfghklmnprstvz" for second in "aeiou"]


def vocabulary() -> list[str]:
    """Words that say something, the most frequent first; the more frequent, the shorter."""
    chance = random.Random(7)
    found: dict[str, None] = {}
    while len(found) < WORDS:
        longest = 2 if len(found) < 150 else 4
        found["".join(chance.choices(_SYLLABLES, k=chance.randint(2 if longest == 2 else 3, longest)))] = None
    return list(found)


KNOWN = vocabulary()
_LONG = KNOWN[400]
QUESTIONS = {
    "frequent": KNOWN[0],
    "several": " ".join(KNOWN[:3]),
    "begun": KNOWN[2][:3],
    "rare": f"{KNOWN[3000]}",
    "mistyped": f"{KNOWN[1]} {_LONG[:2]}{_LONG[3]}{_LONG[2]}{_LONG[4:]}",
    "empty": "how to",
    "unknown": "xyxwqyx",
}
"""What is asked, by kind."""
MEANT = QUESTIONS | {"mistyped": f"{KNOWN[1]} {_LONG}"}
"""What the raw query is asked: nobody can do without the right words."""


def texts(count: int) -> Iterator[tuple[str, str]]:
    """Titles and texts."""
    chance, empty = random.Random(11), sorted(COMMON)
    telling = [1 / (place + FLATTENED) for place in range(1, WORDS + 1)]
    saying_nothing = [1 / (place + 1) for place in range(len(empty))]
    share = EMPTY_SHARE / (1 - EMPTY_SHARE) * sum(telling) / sum(saying_nothing)
    weights = list(accumulate([*telling, *(weight * share for weight in saying_nothing)]))
    words = [*KNOWN, *empty]
    for number in range(count):
        found = chance.choices(words, cum_weights=weights, k=chance.randint(SHORTEST, LONGEST))
        yield f"{' '.join(found[:6])} {number}", " ".join(found[6:])


def fill(count: int) -> None:
    """Bring the help centre to so many articles."""
    with db.transaction(write=False) as session:
        there = session.scalar(sa.select(sa.func.count()).select_from(LivePage)) or 0
    missing, used = islice(texts(count), there, None), Counter[str]()
    while some := list(islice(missing, AT_ONCE)):
        with db.transaction() as session:
            rows = [_rows(title, text) for title, text in some]
            session.execute(tenancy.named(sa.insert(Article), "bench"), [article for article, _ in rows])
            session.execute(tenancy.named(sa.insert(LivePage), "bench"), [page for _, page in rows])
        for title, text in some:
            used.update(spelling.kept(set(indexed(f"{title} {text}"))))
    _count(used)
    settle()


def _count(used: Counter[str]) -> None:
    """The words that are known, and in how many articles each stands."""
    mine = sa.update(KnownWord).where(KnownWord.tenant_id == tenancy.current(), KnownWord.word == sa.bindparam("which"))
    counted = mine.values(pages=KnownWord.pages + sa.bindparam("more")).execution_options(synchronize_session=False)
    with db.transaction() as session:
        spelling.move((), used)
        given = [{"which": word, "more": times - 1} for word, times in used.items()]
        if given:
            session.connection().execute(tenancy.named(counted, "bench"), given)


def settle() -> None:
    """What the store's own upkeep does in time."""
    with db.transaction() as session:
        session.execute(tenancy.named(sa.text("ANALYZE"), "bench"))
    if not db.is_postgresql():
        with db.engine().connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(
                "PRAGMA wal_checkpoint(TRUNCATE)"
            )


def _rows(title: str, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    now, article_id, slug = clock.now(), new_id(), f"bench-{new_id().hex}"
    summary = text[:100]
    shared = {"tenant_id": tenancy.current(), "slug": slug, "title": title, "title_key": title, "tags": [],
              "summary": summary, "seo_title": "", "created_at": now}  # fmt: skip
    article = shared | {"id": article_id, "body": text, "state": "published", "revision": 1, "published_revision": 1,
                        "published_at": now, "changed_at": now}  # fmt: skip
    number = index.put(None, title=title, tags=(), body=f"{summary} {text}")
    page = shared | {"id": new_id(), "article_id": article_id, "number": number, "html": f"<p>{text}</p>",
                     "contents": [], "plain": text, "minutes": 1, "updated_at": now, "views": 0, "recent_views": 0,
                     "yes_votes": 0, "no_votes": 0}  # fmt: skip
    return article, page


RAW = {
    "sqlite": "SELECT rowid FROM kb_search WHERE kb_search MATCH :asked ORDER BY rank LIMIT 20",
    "postgresql": "SELECT number FROM kb_search WHERE words @@ CAST(:asked AS tsquery) "
    "ORDER BY ts_rank(words, CAST(:asked AS tsquery)) DESC LIMIT 20",
}


def raw(question: str) -> float:
    """Milliseconds of the store's own ranked query for the same articles, median of many."""
    times = []
    for _ in range(15):
        with db.transaction(write=False) as session:
            statement, asked = _asked(question.split())
            began = time.perf_counter()
            session.execute(tenancy.named(sa.text(statement), "bench"), {"asked": asked}).all()
            times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def _asked(wanted: list[str]) -> tuple[str, str]:
    """The statement and its question: words that begin so, as the panel finds them."""
    if db.is_postgresql():
        mark = index.mark()
        return RAW["postgresql"], " & ".join(f"'{mark}{word}':*" for word in wanted)
    return RAW["sqlite"], " AND ".join(f'"{word}" *' for word in wanted)


def main(count: int) -> None:
    """Fill, and say how fast the raw query is."""
    with panel():
        with tenancy.across_tenants("operator"), db.transaction(write=False):
            tenant = tenants.operator()
        assert tenant is not None
        with tenancy.as_tenant(tenant.id):
            fill(count)
            found = {kind: raw(question) for kind, question in MEANT.items()}
        sys.stdout.write(MARK + json.dumps(found) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
