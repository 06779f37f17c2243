"""The database: one engine, one session a unit of work, one transaction a session.

SQLite runs in WAL mode and a writing unit begins IMMEDIATE, because upgrading
a read to a write fails at once whatever the busy time-out. PostgreSQL runs at
READ COMMITTED. Knows nothing of Flask, so that models, services and tasks may
stand on it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from app.kernel import clock, prepared, sqlite
from app.kernel.columns import JSON as JSON
from app.kernel.columns import Id as Id
from app.kernel.columns import UtcDateTime as UtcDateTime
from app.kernel.ids import new_id

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Parent of every table."""

    metadata = sa.MetaData(naming_convention=NAMES)
    type_annotation_map = {
        UUID: Id(),
        datetime: UtcDateTime(),
        dict[str, Any]: JSON,
        list[str]: JSON,
        bytes: sa.LargeBinary(),
        int: sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
        str: sa.Text(),
    }


class Record(Base):
    """A row with a time-ordered id and the moment it was made."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    created_at: Mapped[datetime] = mapped_column(default=clock.now)


class NoUnitOfWork(RuntimeError):
    """Code asked for the session outside a request, task or `transaction()`."""


class ReadOnlyUnit(RuntimeError):
    """A reading unit of work (a GET) tried to write."""


class PanelSession(Session):
    """A session that knows whether it may write, and what to ring once it has committed."""

    def __init__(self, *, write: bool, bind: Engine | Connection) -> None:
        mode: Any = "create_savepoint" if isinstance(bind, Connection) else "conditional_savepoint"
        super().__init__(bind=bind, expire_on_commit=False, join_transaction_mode=mode)
        self.info["write"] = write
        self.info["after_commit"] = []
        self.info["after_end"] = []
        self._running: tuple[Any, Connection] | None = None

    if not TYPE_CHECKING:  # the types are those of `Session`

        def get(self, entity: Any, ident: Any, **options: Any) -> Any:
            """As ever, but what the identity map holds passes the checks of `admits` too."""
            found = super().get(entity, ident, **options)
            return found if found is None or all(check(found) for check in _checks) else None

        def bulk_save_objects(self, *_: Any, **__: Any) -> Any:
            """Refused, like its two sisters: they go past every hook that minds tenants."""
            raise NotImplementedError("use insert(Model), update(Model) or the unit of work")

        bulk_insert_mappings = bulk_update_mappings = bulk_save_objects

    def read(self, statement: Any, values: dict[str, Any]) -> list[Any]:
        """The rows of a statement that was made once and named as minding the tenant itself, past all layers.

        In a unit that writes it takes the ordinary way, so that it sees what waits to be written.
        """
        assert statement.get_execution_options().get("panel_named"), "wrap it in tenancy.named()"
        if self.info["write"]:
            return list(self.execute(statement, values).all())
        if self._running is None or self._running[0] is not self.get_transaction():
            connection = self.connection()  # asked once for each transaction: it costs as much as a small read
            self._running = self.get_transaction(), connection
        return prepared.fetch(self._running[1], statement, values)


_checks: list[Callable[[object], bool]] = []


def admits(check: Callable[[object], bool]) -> Callable[[object], bool]:
    """Register what a row must pass before `PanelSession.get` hands it over."""
    _checks.append(check)
    return check


class _Store:
    """What `configure` has set: the engine, and a view of it that writes."""

    reading: Engine | None = None
    writing: Engine | None = None


_store = _Store()
_session: ContextVar[PanelSession | None] = ContextVar("session", default=None)
_connection: ContextVar[Connection | None] = ContextVar("connection", default=None)


def configure(url: str, *, pool_size: int = 10, statement_timeout_ms: int = 30_000) -> Engine:
    """Make the engine for `url` (`sqlite:///file` or `postgresql+psycopg://...`) and return it."""
    dispose()
    return use(make_engine(url, pool_size=pool_size, statement_timeout_ms=statement_timeout_ms))


def use(engine: Engine) -> Engine:
    """Make `engine`, from `make_engine`, the panel's own. The one before stays open."""
    _store.reading = engine
    _store.writing = engine.execution_options(panel_write=True)
    return engine


def make_engine(url: str, *, pool_size: int = 10, statement_timeout_ms: int = 30_000) -> Engine:
    """An engine set up as the panel needs it, not yet the panel's own. What it is given is in no error's text."""
    if sa.make_url(url).get_backend_name() == "sqlite":
        engine = sa.create_engine(
            url,
            poolclass=sa.QueuePool,
            pool_size=pool_size,
            max_overflow=10,
            pool_timeout=8,
            pool_use_lifo=True,  # each connection has a cache of its own: the fewer are in use, the warmer and smaller
            connect_args={"timeout": 30, "check_same_thread": False},
            hide_parameters=True,
        )
        event.listen(engine, "do_connect", sqlite.keep_private)
        event.listen(engine, "connect", sqlite.prepare)
        event.listen(engine, "begin", sqlite.begin)
        return engine
    return sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=10,
        pool_timeout=8,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "connect_timeout": 5,
            "options": f"-c statement_timeout={statement_timeout_ms} -c timezone=UTC",
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 2,
            "tcp_user_timeout": 8000,
        },
    )


def dispose() -> None:
    """Close every pooled connection and forget the engine."""
    if _store.reading is not None:
        _store.reading.dispose()
    _store.reading = _store.writing = None


def engine() -> Engine:
    """The panel's engine.

    Raises:
        NoUnitOfWork: `configure` has not run.
    """
    if _store.reading is None:
        raise NoUnitOfWork("the database is not configured")
    return _store.reading


def is_postgresql() -> bool:
    """Whether the panel runs on PostgreSQL (else it is SQLite)."""
    return engine().dialect.name == "postgresql"


@contextmanager
def on_connection(connection: Connection) -> Iterator[None]:
    """Run every unit of work inside `connection`'s transaction, as savepoints. For fast tests."""
    token = _connection.set(connection)
    try:
        yield
    finally:
        _connection.reset(token)


def has_session() -> bool:
    """Whether a unit of work is open here."""
    return _session.get() is not None


def session() -> PanelSession:
    """The session of the unit of work that is open here.

    Raises:
        NoUnitOfWork: none is open.
    """
    found = _session.get()
    if found is None:
        raise NoUnitOfWork("no unit of work is open")
    return found


def begin(*, write: bool) -> Token[PanelSession | None]:
    """Open a unit of work. Its transaction begins with its first statement.

    Give the token to `end`. Prefer `transaction()`; doors need the two halves.
    """
    return _session.set(PanelSession(write=write, bind=_bind(write=write)))


def _bind(*, write: bool) -> Engine | Connection:
    connection = _connection.get()
    if connection is not None:
        return connection
    found = _store.writing if write else _store.reading
    if found is None:
        raise NoUnitOfWork("the database is not configured")
    return found


def end(token: Token[PanelSession | None], *, commit: bool) -> None:
    """Commit or roll back the open unit of work and leave it. Then run what waited for its end."""
    current = session()
    committed = False
    try:
        if commit and not current.info["write"]:
            committed = True  # nothing was written: closing it gives the connection back at a quarter of the cost
        elif commit:
            current.commit()
            committed = True
        else:
            current.rollback()
    finally:
        _session.reset(token)
        current.close()
        if committed:
            for action in current.info["after_commit"]:
                action()
        for action in current.info["after_end"]:
            action()


@contextmanager
def transaction(*, write: bool = True) -> Iterator[PanelSession]:
    """A unit of work of its own: commits when the block ends, rolls back when it raises."""
    token = begin(write=write)
    try:
        yield session()
    except BaseException:
        end(token, commit=False)
        raise
    end(token, commit=True)


@contextmanager
def reading() -> Iterator[PanelSession]:
    """The unit of work that is open here, if it only reads, else one of its own."""
    if has_session() and not session().info["write"]:
        yield session()
        return
    with transaction(write=False) as own:
        yield own


def after_commit(action: Callable[[], None]) -> None:
    """Run `action` once this unit of work has committed. It must not fail."""
    session().info["after_commit"].append(action)


def after_end(action: Callable[[], None]) -> None:
    """Run `action` once this unit of work has ended, whatever its end."""
    session().info["after_end"].append(action)


@event.listens_for(PanelSession, "before_flush")
def _refuse_flush_while_reading(current: Session, _context: Any, _instances: Any) -> None:
    if not current.info["write"] and (current.new or current.dirty or current.deleted):
        raise ReadOnlyUnit("a reading unit of work may not write")
