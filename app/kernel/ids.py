"""Identifiers: time-ordered UUIDs (RFC 9562, version 7). An id is never a secret."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A new identifier that sorts after those made before it."""
    return uuid7()


def parse_id(text: str) -> UUID | None:
    """The identifier that `text` spells in its canonical form, or None."""
    try:
        value = UUID(text)
    except (ValueError, AttributeError, TypeError):
        return None
    return value if str(value) == text.lower() else None
