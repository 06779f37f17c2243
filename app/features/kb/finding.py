"""The one search of the help centre: what pages, suggestions and programs ask."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from app.features.kb import index, spelling, words

ON_A_PAGE = 20
LAST_PAGE = index.RANKED // ON_A_PAGE
"""Beyond it nothing is ranked."""
Pieces = list[tuple[str, bool]]
"""A text in pieces, each with whether it is to be highlighted. Whoever draws them escapes each."""


class Hit(NamedTuple):
    """One article that was found."""

    page_id: UUID
    article_id: UUID
    slug: str
    category_id: UUID | None
    minutes: int
    title: Pieces
    snippet: Pieces


@dataclass(frozen=True)
class Found:
    """What was found for a question."""

    text: str
    """The question as it was understood: one clean line."""
    hits: list[Hit]
    total: int
    """How many were ranked; at `index.RANKED` there may be more."""
    page: int = 1
    corrected: str = ""
    """What was looked for instead, where the question had a word that nobody knows."""

    @property
    def has_more(self) -> bool:
        """Whether another page follows."""
        return self.page < LAST_PAGE and self.total > self.page * ON_A_PAGE


def search(
    question: str,
    *,
    page: int = 1,
    limit: int = ON_A_PAGE,
    category_id: UUID | None = None,
    tag: str | None = None,
) -> Found:
    """The articles with all the words of the question or their beginnings, best first.

    Where there is none, words that begin no known word are replaced by the
    nearest known ones. At most `index.RANKED` are ranked.
    """
    text = words.clean(question)
    wanted = words.asked(text)
    page = min(max(page, 1), LAST_PAGE)
    if not wanted:
        return Found(text, [], 0, page)
    ranked = _ranked(wanted, page, limit, category_id, tag)
    if ranked or page > 1:
        return Found(text, _hits(ranked, wanted), ranked[0].total if ranked else 0, page)
    nearest = spelling.corrected(wanted)
    if nearest == wanted:
        return Found(text, [], 0, page)
    ranked = _ranked(nearest, page, limit, category_id, tag)
    corrected = " ".join(nearest) if ranked else ""
    return Found(text, _hits(ranked, nearest), ranked[0].total if ranked else 0, page, corrected)


def _ranked(wanted: list[str], page: int, limit: int, category_id: UUID | None, tag: str | None) -> list[index.Ranked]:
    return index.rank(wanted, limit=limit, offset=(page - 1) * ON_A_PAGE, category_id=category_id, tag=tag)


def _hits(ranked: list[index.Ranked], wanted: list[str]) -> list[Hit]:
    """In the order in which they were ranked."""
    return [
        Hit(
            one.page_id,
            one.article_id,
            one.slug,
            one.category_id,
            one.minutes,
            words.parts(one.title, wanted),
            words.parts(words.excerpt(one.plain, wanted), wanted),
        )
        for one in ranked
    ]
