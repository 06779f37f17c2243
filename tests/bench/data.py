"""Databases full of demo data, made once and copied for each run.

They are kept in `mpanel-bench` under the folder for temporary files, by store,
size and a fingerprint of what makes them: migrations and demo.
"""

import fcntl
import hashlib
import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from tests.bench import reference_data
from tests.support.panel import Panel
from tests.support.postgres import Postgres
from tests.support.stores import ROOT, make_schema

FOLDER = Path(tempfile.gettempdir()) / f"mpanel-bench-{os.getuid()}"
SERVER = {"shared_buffers": "512MB", "effective_cache_size": "4GB", "max_wal_size": "4GB"}
SOURCES = ("migrations/versions", "app/demo", "app/demo.py")


def fingerprint() -> str:
    """Of what decides how the data look."""
    files = [path for name in SOURCES for path in sorted((ROOT / name).rglob("*.py"))]
    files += [ROOT / name for name in SOURCES if (ROOT / name).is_file()]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:10]


class Data:
    """Gives out databases of one store; one bench at a time on each."""

    def __init__(self, store: str) -> None:
        self.store = store
        self.folder = FOLDER / store
        self.folder.mkdir(parents=True, exist_ok=True)
        FOLDER.chmod(0o755)
        self._lock = (self.folder / "lock").open("w")
        self._postgres: Postgres | None = None
        self._copies: list[str] = []

    def __enter__(self) -> "Data":
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print(f"waiting for another bench on {self.store} ...", file=sys.stderr, flush=True)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        if self.store == "postgresql":
            server = self.folder / "server"
            server.mkdir(exist_ok=True)
            self._postgres = Postgres(server, **SERVER)
            self._postgres.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None):
        for name in self._copies:
            self._drop(name)
        if self._postgres is not None:
            self._postgres.stop()
        self._lock.close()

    def reference(self) -> str:
        """The URL of the references' table."""
        name = "reference"
        if not self._is_there(name):
            reference_data.fill(self._create(f"{name}_making"))
            self._rename(f"{name}_making", name)
        return self._url(name)

    def panel(self, customers: int) -> str:
        """The URL of a fresh copy of a panel's database with so many demo customers."""
        kept = f"demo_{customers}_{fingerprint()}"
        if not self._is_there(kept):
            self._make_panel(kept, customers)
        copy = f"run_{os.getpid()}_{len(self._copies)}"
        url = self._copy(kept, copy)
        self._copies.append(copy)
        return url

    def _make_panel(self, kept: str, customers: int) -> None:
        print(f"making {customers:,} customers on {self.store} ...", file=sys.stderr, flush=True)
        self._forget(f"demo_{customers}_")
        making = f"{kept}_making"
        url = self._create(making)
        make_schema(url)
        panel = Panel(url)
        try:
            panel.init()
            panel.command("demo", "--customers", str(customers), within=7200)
        finally:
            panel.remove()
        self._analyse(url)
        self._rename(making, kept)

    def _analyse(self, url: str) -> None:
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.text("ANALYZE" if self.store == "sqlite" else "VACUUM ANALYZE"))
        engine.dispose()

    def _url(self, name: str) -> str:
        if self._postgres is None:
            return f"sqlite:///{self.folder / name}.db"
        return f"postgresql+psycopg://panel@/{name}?host={self._postgres.folder}"

    def _is_there(self, name: str) -> bool:
        if self._postgres is None:
            return (self.folder / f"{name}.db").exists()
        with self._postgres.admin() as admin:
            return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None

    def _create(self, name: str) -> str:
        self._drop(name)
        return self._url(name) if self._postgres is None else self._postgres.create(name)

    def _rename(self, old: str, new: str) -> None:
        if self._postgres is None:
            with sqlite3.connect(self.folder / f"{old}.db") as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.close()
            (self.folder / f"{old}.db").rename(self.folder / f"{new}.db")
            return
        with self._postgres.admin() as admin:
            admin.execute(f"ALTER DATABASE {old} RENAME TO {new}")

    def _copy(self, kept: str, name: str) -> str:
        if self._postgres is not None:
            return self._postgres.create(name, template=kept)
        shutil.copyfile(self.folder / f"{kept}.db", self.folder / f"{name}.db")
        return self._url(name)

    def _drop(self, name: str) -> None:
        if self._postgres is not None:
            self._postgres.drop(name)
            return
        for suffix in ("", "-wal", "-shm"):
            (self.folder / f"{name}.db{suffix}").unlink(missing_ok=True)

    def _forget(self, begin: str) -> None:
        """Drop what an older demo made, and what a killed run left."""
        for name in self._names():
            if name.startswith((begin, "run_")):
                self._drop(name)

    def _names(self) -> list[str]:
        if self._postgres is None:
            return [path.stem for path in self.folder.glob("*.db")]
        with self._postgres.admin() as admin:
            return [str(name) for (name,) in admin.execute("SELECT datname FROM pg_database").fetchall()]
