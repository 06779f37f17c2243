"""Mistyped words: the words of all articles with their trigrams, the same on both stores, and the nearest to one."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from app.features.kb.models import KnownWord, Trigram
from app.kernel import db, tenancy
from app.kernel.columns import Id
from app.kernel.terms import LAST

SHORTEST, LONGEST = 3, 32
"""Letters of a word that is kept, or that is looked for among those kept."""
CONSIDERED = 60
"""So many of the words with most trigrams in common are compared letter by letter."""
_MINE = "names its own tenant"


def kept(words: Collection[str]) -> set[str]:
    """Those of `words` that are worth being compared with: of letters, neither short nor long."""
    return {word for word in words if SHORTEST <= len(word) <= LONGEST and word.isalpha()}


def trigrams(word: str) -> set[str]:
    """Each three letters in a row, the edges counted as letters."""
    edged = f"^{word}$"
    return {edged[start : start + 3] for start in range(len(edged) - 2)}


def move(gone: Collection[str], come: Collection[str]) -> None:
    """Count one article less with each of `gone`, one more with each of `come`; in order, so that none waits."""
    session, tenant_id = db.session(), tenancy.current()
    mine = [{"tenant": tenant_id, "word": word} for word in sorted(come)]
    if mine:
        session.execute(_ADD, mine)
        threes = [one | {"trigram": three} for one in mine for three in sorted(trigrams(str(one["word"])))]
        session.execute(_ADD_TRIGRAM, threes)
    if gone:
        session.execute(_TAKE, [{"tenant": tenant_id, "word": word} for word in sorted(gone)])
        over = sa.select(KnownWord.word).where(KnownWord.tenant_id == tenant_id, KnownWord.pages <= 0)
        empty = list(session.scalars(tenancy.named(over.where(KnownWord.word.in_(gone)), _MINE)))
        for table in (Trigram, KnownWord) if empty else ():
            drop = sa.delete(table).where(table.tenant_id == tenant_id, table.word.in_(empty))
            session.execute(tenancy.named(drop.execution_options(synchronize_session=False), _MINE))


def _text(statement: str) -> Any:
    return tenancy.named(sa.text(statement).bindparams(sa.bindparam("tenant", type_=Id())), _MINE)


_ADD = _text(
    "INSERT INTO kb_words (tenant_id, word, pages) VALUES (:tenant, :word, 1) "
    "ON CONFLICT (tenant_id, word) DO UPDATE SET pages = kb_words.pages + 1"
)
_ADD_TRIGRAM = _text(
    "INSERT INTO kb_trigrams (tenant_id, trigram, word) VALUES (:tenant, :trigram, :word) ON CONFLICT DO NOTHING"
)
_TAKE = _text("UPDATE kb_words SET pages = pages - 1 WHERE tenant_id = :tenant AND word = :word")


def corrected(wanted: list[str]) -> list[str]:
    """Each word that begins no known one gives way to the nearest known one, if one is near.

    One query, and one more for each such word.
    """
    known = _begun(wanted)
    return [word if is_known else _nearest(word) or word for word, is_known in zip(wanted, known, strict=True)]


def _begun(wanted: list[str]) -> Any:
    """Of each word, whether a known one begins so."""
    mine = KnownWord.tenant_id == tenancy.current()
    some = [
        sa.exists().where(mine, KnownWord.word >= word, KnownWord.word < word + LAST).label(f"known_{place}")
        for place, word in enumerate(wanted)
    ]
    return db.session().execute(tenancy.named(sa.select(*some), _MINE)).one()


def _nearest(word: str) -> str | None:
    if not kept([word]):
        return None
    found = [
        (away, -pages, known)
        for known, pages in db.session().execute(tenancy.named(_likely(word), _MINE))
        if (away := distance(word, known, most=(most := 2 if len(word) > 5 and word[0] == known[0] else 1))) <= most
    ]
    return min(found)[2] if found else None


def _likely(word: str) -> Any:
    """Known words with how many articles have them: those most alike, and those with two neighbours swapped.

    What is swapped in a short word leaves it no three letters in common.
    """
    tenant_id = tenancy.current()
    alike = (
        sa.select(Trigram.word)
        .where(Trigram.tenant_id == tenant_id, Trigram.trigram.in_(sorted(trigrams(word))))
        .group_by(Trigram.word)
        .order_by(sa.func.count().desc(), Trigram.word)
        .limit(CONSIDERED)
        .subquery()
    )
    swapped = [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)]
    counted = sa.select(KnownWord.word, KnownWord.pages).where(KnownWord.tenant_id == tenant_id)
    return sa.union_all(counted.join(alike, alike.c.word == KnownWord.word), counted.where(KnownWord.word.in_(swapped)))


def distance(one: str, other: str, *, most: int = LONGEST) -> int:
    """How many letters were left out, added, changed or swapped with their neighbour; of more than `most`, one more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one):
        earlier, before = before, row
        row = [place + 1]
        for index, known in enumerate(other):
            cost = min(row[index] + 1, before[index + 1] + 1, before[index] + (letter != known))
            if place and index and letter == other[index - 1] and one[place - 1] == known:
                cost = min(cost, earlier[index - 1] + 1)
            row.append(cost)
        if min(row) > most and min(before) > most:
            return most + 1
    return row[-1]
