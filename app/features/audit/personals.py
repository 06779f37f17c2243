"""The personal parts of many rows, made readable: one query for all of their keys, however many rows."""

import json
from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import keys
from app.features.audit.models import PersonKey
from app.kernel import crypto, db

MOST_KEYS = 5_000
"""Keys that a long reading holds."""

Personal = dict[str, Any]


class Sealed(Protocol):
    """What a row must show."""

    @property
    def id(self) -> UUID:
        """Its personal part fits no other row."""

    @property
    def personal(self) -> bytes | None:
        """The encrypted part."""

    @property
    def personal_key_id(self) -> UUID | None:
        """What it was encrypted with."""


class Reader:
    """Reads the personal parts of row after row. Learn the keys of some first."""

    def __init__(self) -> None:
        self._openers: dict[UUID, Callable[[bytes, bytes], bytes] | None] = {}

    def learn(self, key_ids: Collection[UUID | None]) -> None:
        """Fetch the keys that are not known yet. One query, none where all are."""
        new = {key_id for key_id in key_ids if key_id is not None and key_id not in self._openers}
        if not new:
            return
        if len(self._openers) + len(new) > MOST_KEYS:
            self._openers.clear()
            new = {key_id for key_id in key_ids if key_id is not None}
        self._openers.update(dict.fromkeys(new))
        for row in db.session().scalars(sa.select(PersonKey).where(PersonKey.id.in_(new))):
            secret = keys.unsealed(row)
            self._openers[row.id] = crypto.opener(secret) if secret is not None else None

    def read(self, row_id: bytes, personal: bytes | None, key_id: UUID | None) -> Personal | None:
        """What is personal, empty where nothing is; None when the person was erased."""
        if key_id is None:
            return {}
        opener = self._openers[key_id]
        if opener is None or personal is None:
            return None
        found: Personal = json.loads(opener(personal, row_id))
        return found


def read(rows: Iterable[Sealed]) -> dict[UUID, Personal | None]:
    """The personal part of each of the rows, by their ids. One query."""
    rows = list(rows)
    reader = Reader()
    reader.learn({row.personal_key_id for row in rows})
    return {row.id: reader.read(row.id.bytes, row.personal, row.personal_key_id) for row in rows}
