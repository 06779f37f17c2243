"""What search engines may find: each room declares its public addresses, and one map of the site is drawn of them all.

    sitemaps.declare("help", fixed=lambda: ("/help",), stored=reading.addresses)

The protocol (sitemaps.org) allows 50,000 addresses in one file; a house with more has an index of files.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

import sqlalchemy as sa

from app.kernel import db

MOST = 50_000
"""Addresses of one file, as the protocol says."""
IN_A_FILE = 25_000
"""Stored addresses of one file of an index; with the fixed ones it stays well below `MOST`."""
XMLNS = "http://www.sitemaps.org/schemas/sitemap/0.9"
_PLAIN = "/?=&-._~"
"""What stays as it is in an address; other signs are written as percent and two digits."""

Wanted = sa.Select[Any] | sa.CompoundSelect[Any]
Row = tuple[str, datetime | None]


@dataclass(frozen=True)
class Part:
    """The public addresses of one room, for the tenant that is set."""

    name: str
    """As its files are called."""
    fixed: Callable[[], Sequence[str]]
    """The few that need no query."""
    stored: Callable[[], Wanted] | None
    """A question with two columns: the path as it is stored, and when what stands there changed (or nothing)."""

    def rows(self, limit: int, *, offset: int = 0) -> list[Row]:
        """Some of the stored ones, in the order of paths. One query."""
        if self.stored is None:
            return []
        found = self.stored().subquery()
        path, changed_at = found.c
        wanted = sa.select(path, changed_at).order_by(path).limit(limit).offset(offset)
        return [(row[0], row[1]) for row in db.session().execute(wanted)]

    def count(self) -> int:
        """How many stored ones there are. One query."""
        if self.stored is None:
            return 0
        return db.session().scalar(sa.select(sa.func.count()).select_from(self.stored().subquery())) or 0

    def files(self) -> int:
        """How many files of an index its addresses fill."""
        return max(-(-self.count() // IN_A_FILE), 1 if self.fixed() else 0)


_parts: dict[str, Part] = {}


def nothing() -> tuple[str, ...]:
    """No fixed address."""
    return ()


def declare(
    name: str, *, fixed: Callable[[], Sequence[str]] = nothing, stored: Callable[[], Wanted] | None = None
) -> None:
    """Say once, when the room is loaded, which of its addresses everybody may find."""
    assert name not in _parts, name
    _parts[name] = Part(name, fixed, stored)


def whole(base: str) -> str:
    """The map of the site at `base`: every address, or the index of its files where they are more than `MOST`.

    One query a room; of an index one more.
    """
    parts = [_parts[name] for name in sorted(_parts)]
    rows: list[Row] = [(path, None) for part in parts for path in part.fixed()]
    for part in parts:
        rows += part.rows(MOST + 1 - len(rows))
        if len(rows) > MOST:
            return _index(base, parts)
    return _urls(base, rows)


def _index(base: str, parts: Sequence[Part]) -> str:
    return _written("sitemapindex", (f"<sitemap><loc>{base}{path}</loc></sitemap>" for path in _files(parts)))


def _files(parts: Sequence[Part]) -> Iterator[str]:
    for part in parts:
        yield from (f"/sitemap-{part.name}-{number}.xml" for number in range(1, part.files() + 1))


def file(base: str, name: str, number: int) -> str | None:
    """One file of an index; None where there is no such file."""
    part = _parts.get(name)
    if part is None or not 1 <= number <= part.files():
        return None
    rows: list[Row] = [(path, None) for path in part.fixed()] if number == 1 else []
    rows += part.rows(IN_A_FILE, offset=(number - 1) * IN_A_FILE)
    return _urls(base, rows)


def _urls(base: str, rows: Sequence[Row]) -> str:
    return _written("urlset", (_url(base, *row) for row in rows))


def _url(base: str, path: str, changed_at: datetime | None) -> str:
    said = f"<lastmod>{changed_at.isoformat(timespec='seconds').replace('+00:00', 'Z')}</lastmod>" if changed_at else ""
    return f"<url><loc>{base}{escape(quote(path, safe=_PLAIN))}</loc>{said}</url>"


def _written(root: str, entries: Iterator[str]) -> str:
    lines = "\n".join(entries)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{XMLNS}">\n{lines}\n</{root}>\n'
