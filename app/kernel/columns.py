"""What a column holds, the same on both stores: identifiers, moments, JSON."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, SafeUUID

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.kernel.late import hollow

_drivers = "sqlalchemy.dialects.postgresql"
with hollow(f"{_drivers}.asyncpg", f"{_drivers}.pg8000", f"{_drivers}.psycopg2cffi"):  # drivers of others
    from sqlalchemy.dialects.postgresql import JSONB


class Id(TypeDecorator[UUID]):
    """A UUID: native on PostgreSQL, 16 bytes on SQLite."""

    impl = sa.LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return sa.Uuid() if dialect.name == "postgresql" else sa.LargeBinary(16)

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        if value is None or dialect.name == "postgresql":
            return value
        return value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        return value if isinstance(value, UUID) else _uuid(value)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """The same without the layers between: a page of a list reads two hundred of them."""
        return None if dialect.name == "postgresql" else _uuid


_new, _number = object.__new__, int.from_bytes
_set_number, _set_safety, _UNKNOWN = vars(UUID)["int"].__set__, vars(UUID)["is_safe"].__set__, SafeUUID.unknown


def _uuid(raw: bytes | None) -> UUID | None:
    """What `UUID(bytes=raw)` makes, without its checks of every other way to make one: a fifth of the time."""
    if raw is None:
        return None
    made = _new(UUID)
    _set_number(made, _number(raw))
    _set_safety(made, _UNKNOWN)
    return made


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, always aware and in UTC, whatever the store gives back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """The same without the layers between; SQLite keeps moments as text."""
        return _moment_in_utc if dialect.name == "postgresql" else _moment_of_text


def _moment_in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _moment_of_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text + "+00:00")


class Code(TypeDecorator[str]):
    """A text compared letter by letter whatever the store's locale: numbers, references, sort and search keys.

    So a range over its index finds what begins in one way on both stores, and both sort alike.
    """

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return sa.Text(collation="C") if dialect.name == "postgresql" else sa.Text()


JSON = sa.JSON().with_variant(JSONB(), "postgresql")
