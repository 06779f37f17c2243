"""What the panel asks of SQLite: WAL, foreign keys, IMMEDIATE for those who write, and a file that is nobody else's."""

import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

OPEN_SECONDS = 5.0
"""How long to try to open a file that others open too."""
CACHE_KB = 8192
"""Of each connection."""
MAPPED_BYTES = 2**31 - 2**16
"""As much of the file as SQLite maps at most. What lies beyond is copied into each connection's cache, and every write
of another connection empties that: a search of 100,000 articles took 90 ms instead of 14."""


def keep_private(_dialect: Any, _record: Any, arguments: Any, _options: Any) -> None:
    """Before connecting: only the panel's own user reads the file. What SQLite keeps beside it takes its mode."""
    path = Path(arguments[0])
    if not path.is_absolute():  # in memory
        return
    with suppress(OSError):  # somebody else's file, or no folder: connecting says what is wrong
        if not path.exists():
            path.touch(0o600, exist_ok=False)
        path.chmod(0o600)


def turn_to_wal(connection: sqlite3.Connection) -> None:
    """Write ahead from now on. Of several that open a new file at once all succeed.

    SQLite refuses at once, whatever the time-out, to turn a file to WAL while another connection does the same.
    """
    give_up = time.monotonic() + OPEN_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)


def prepare(connection: Any, _record: Any) -> None:
    """Set up a new connection."""
    connection.isolation_level = None  # the driver's own guessing of transactions off
    turn_to_wal(connection)
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=30000",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"cache_size=-{CACHE_KB}",
        f"mmap_size={MAPPED_BYTES}",
        "journal_size_limit=67108864",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin(connection: Connection) -> None:
    """Begin; a unit that writes takes the lock at once, because upgrading a read to a write fails at once."""
    writes = connection.get_execution_options().get("panel_write", False)
    # Straight to the driver: said before every first statement, and SQLAlchemy's way there costs ten times as much.
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
    except sqlite3.Error as problem:
        raise DBAPIError.instance("BEGIN", None, problem, sqlite3.Error, hide_parameters=True) from problem


def pushes_out(table: str, *keys: tuple[str, ...], kept: str = "1") -> str:
    """A condition on NEW for triggers before INSERT and UPDATE: a row of `table` that stays would have to make room.

    OR REPLACE removes what has the same key without asking the trigger on DELETE, a row of the same `rowid` too.
    `keys` are those of the table besides `id`; `kept` says in SQL which rows stay.
    """
    same = [" AND ".join(f"stays.{column} = NEW.{column}" for column in key) for key in (("rowid",), ("id",), *keys)]
    return f"EXISTS (SELECT 1 FROM {table} AS stays WHERE ({' OR '.join(same)}) AND {kept})"
