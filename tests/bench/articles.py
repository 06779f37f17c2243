"""So many articles in the panel's help centre: `python -m tests.bench.articles COUNT` in a panel's environment.

Prints how long the raw full-text query takes there, in milliseconds. The words are as unequal as those of a language:
the most frequent stands in a third of the articles. Written in bulk, with the rows that publishing writes.
"""

import json
import random
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from app.features.kb import index, spelling
from app.features.kb.models import Article, LivePage
from app.features.tenants import service as tenants
from app.kernel import clock, db, tenancy
from app.kernel.ids import new_id
from app.running.ground import panel

WORDS, LENGTH, AT_ONCE = 4000, 120, 2000
MARK = "articles: "
_RANDOM = random.Random(11)
_SYLLABLES = [first + second for first in "bcdfghklmnprstvz" for second in "aeiou"]


def vocabulary() -> list[str]:
    """Words that nobody mistakes for each other, the most frequent first."""
    chance = random.Random(7)
    found: dict[str, None] = {}
    while len(found) < WORDS:
        found["".join(chance.choices(_SYLLABLES, k=3))] = None
    return list(found)


COMMON = vocabulary()[0]
"""Stands in a third of the articles, or more."""


def texts(count: int) -> Iterator[tuple[str, str]]:
    """Titles and texts."""
    known = vocabulary()
    weights = [1 / (place + 3) ** 0.9 for place in range(WORDS)]
    for number in range(count):
        found = _RANDOM.choices(known, weights, k=LENGTH + 4)
        yield f"{' '.join(found[:4])} {number}", " ".join(found[4:])


def fill(count: int) -> None:
    """Bring the help centre to so many articles."""
    with db.transaction(write=False) as session:
        there = session.scalar(sa.select(sa.func.count()).select_from(LivePage)) or 0
    missing = list(texts(max(0, count - there)))
    if not there:
        with db.transaction():
            spelling.move((), vocabulary())
    for begin in range(0, len(missing), AT_ONCE):
        with db.transaction() as session:
            rows = [_rows(title, text) for title, text in missing[begin : begin + AT_ONCE]]
            session.execute(tenancy.named(sa.insert(Article), "bench"), [article for article, _ in rows])
            session.execute(tenancy.named(sa.insert(LivePage), "bench"), [page for _, page in rows])
    if db.is_postgresql():
        with db.transaction() as session:
            session.execute(tenancy.named(sa.text("ANALYZE"), "bench"))


def _rows(title: str, text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    now, article_id, slug = clock.now(), new_id(), f"bench-{new_id().hex}"
    shared = {"tenant_id": tenancy.current(), "slug": slug, "title": title, "title_key": title, "tags": [],
              "summary": text[:100], "seo_title": "", "created_at": now}  # fmt: skip
    article = shared | {"id": article_id, "body": text, "state": "published", "revision": 1, "published_revision": 1,
                        "published_at": now, "changed_at": now}  # fmt: skip
    number = index.put(None, title=title, tags=(), body=text)
    page = shared | {"id": new_id(), "article_id": article_id, "number": number, "html": text, "contents": [],
                     "plain": text, "minutes": 1, "updated_at": now, "views": 0, "recent_views": 0, "yes_votes": 0,
                     "no_votes": 0}  # fmt: skip
    return article, page


RAW = {
    "sqlite": "SELECT rowid FROM kb_search WHERE kb_search MATCH :asked ORDER BY bm25(kb_search) LIMIT 20",
    "postgresql": "SELECT number FROM kb_search WHERE words @@ to_tsquery('simple', :asked) "
    "ORDER BY ts_rank(words, to_tsquery('simple', :asked)) DESC LIMIT 20",
}


def raw() -> float:
    """Milliseconds of the store's own ranked query, median of many."""
    statement, asked = RAW["postgresql" if db.is_postgresql() else "sqlite"], {"asked": COMMON}
    times = []
    for _ in range(15):
        with db.transaction(write=False) as session:
            began = time.perf_counter()
            found = session.execute(tenancy.named(sa.text(statement), "bench"), asked).all()
            times.append((time.perf_counter() - began) * 1000)
        assert len(found) == 20
    return statistics.median(times)


def main(count: int) -> None:
    """Fill, and say how fast the raw query is."""
    with panel():
        with tenancy.across_tenants("operator"), db.transaction(write=False):
            tenant = tenants.operator()
        assert tenant is not None
        with tenancy.as_tenant(tenant.id):
            fill(count)
            sys.stdout.write(MARK + json.dumps(raw()) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
