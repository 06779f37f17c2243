"""The panel as real processes: `mpanel run` on a free port of loopback, with a data folder of its own."""

import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from app import config, reactions
from app.features.api_keys import service as api_keys
from app.features.tenants import service as tenants
from app.kernel import crypto, db, tenancy
from tests.support import processes
from tests.support.stores import ROOT, Stores

OWNER_EMAIL = "olive@harbourline.example"
OWNER_PASSWORD = "correct horse battery staple"
KEY = "k8Zr2vQ9xLw4TnB7yHs6JdF3mPc5GaUe"
"""SECRET_KEY and JWT_SECRET of panels under test; 32 characters, no secret."""
MADE_AT_START = ("assets", "templates")
"""Folders of the data folder that any start makes alike."""
NOT_FOR_INIT = {"SMTP_URL", "REDIS_URL", "WEBHOOK_ALLOW_NETWORKS"}
"""Settings that `mpanel init` does not look at: with others a new installation is not the copy of one."""


def mpanel() -> list[str]:
    """How the `mpanel` command is called here, installed or not."""
    return [sys.executable, "-m", "app.cli"]


class Panel:
    """One installation. `start` runs web and worker; nothing of it is left after `remove`."""

    def __init__(self, database_url: str, *, data: Path | None = None, **environment: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="mp-panel-"))
        self.data = data or self.folder / "data"
        self.port = processes.free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "log"
        self.database_url = database_url
        self.is_migrated = False
        """Whether its database has the newest schema: then `run` need not look, which costs a process."""
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = processes.clean_environment(
            **{
                "MPANEL_DATA": str(self.data),
                "PORT": str(self.port),
                "DATABASE_URL": database_url,
                "SECRET_KEY": KEY,
                "JWT_SECRET": KEY[::-1],
                "MPANEL_OWNER_EMAIL": OWNER_EMAIL,
                "MPANEL_OWNER_PASSWORD": OWNER_PASSWORD,
                "PYTHONPATH": str(ROOT),
                "PYTHONUNBUFFERED": "1",
            }
            | environment
        )

    def command(
        self, *arguments: str, check: bool = True, within: float = 120, **environment: str
    ) -> "subprocess.CompletedProcess[str]":
        """Run `mpanel ARGUMENTS` and wait for it.

        Raises:
            AssertionError: it failed, and `check` is set.
        """
        done = subprocess.run(
            [*mpanel(), *arguments],
            env=self.environment | environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )
        assert not check or done.returncode == 0, f"mpanel {arguments} ended {done.returncode}: {done.stderr[-3000:]}"
        return done

    def init(self) -> None:
        """Make the operator's tenant, its owner, the plans and WELCOME20."""
        self.command("init")

    def api_key(self, *scopes: str, name: str = "site") -> str:
        """A key for programs with `scopes` (`marketing` when none is given), as `mpanel api-key create` makes it."""
        with self.inside():
            return api_keys.create(name, scopes=list(scopes or ("marketing",)))[1]

    @contextmanager
    def inside(self) -> Iterator[db.PanelSession]:
        """One unit of work of this process in the panel's own database, as its first tenant."""
        before = config._Current.settings
        config.use(config.load(self.environment))
        crypto.configure(KEY)
        reactions.wire()
        db.configure(self.database_url)
        tenants.forget()
        try:
            with tenancy.across_tenants("operator"), db.transaction(write=False):
                tenant = tenants.operator()
            assert tenant is not None
            with tenancy.as_tenant(tenant.id), db.transaction() as session:
                yield session
        finally:
            db.dispose()
            tenants.forget()
            config._Current.settings = before

    def start(
        self,
        *,
        command: str = "run",
        arguments: tuple[str, ...] = (),
        within: float = 60,
        program: list[str] | None = None,
    ) -> "Panel":
        """Start `mpanel run` (or `web`, `worker`) and wait until it is ready; `program` stands in for `mpanel`."""
        known = ("--no-migrate",) if self.is_migrated and command == "run" else ()
        line = [*(program or mpanel()), command, *known, *arguments]
        self.process = processes.spawn(line, log=self.log, env=self.environment, cwd=self.folder)
        if command != "worker":
            try:
                processes.wait_for(self._is_ready, within=within, what="/readyz")
            except (TimeoutError, RuntimeError) as late:
                raise RuntimeError(f"the panel does not start:\n{self.log.read_text()[-6000:]}") from late
        return self

    def stop(self, number: signal.Signals = signal.SIGTERM, *, within: float = 40) -> int:
        """End it as a supervisor would; returns the exit code."""
        if self.process is None:
            return 0
        code = processes.stop(self.process, number, within=within)
        self.process = None
        return code

    def remove(self) -> None:
        """Kill what still runs and delete every file."""
        self.stop(signal.SIGTERM, within=30)
        shutil.rmtree(self.folder, ignore_errors=True)

    def get(self, path: str, **headers: str) -> "Answer":
        """GET without following redirects."""
        return self.ask("GET", path, headers=headers)

    def post_json(self, path: str, body: Any, **headers: str) -> "Answer":
        """POST `body` as JSON. Header names are given with underscores: `X_API_Key=...`."""
        plain = {"Content-Type": "application/json", **headers}
        return self.ask("POST", path, body=json.dumps(body).encode(), headers=plain)

    def ask(
        self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> "Answer":
        """One request on a connection of its own, redirects not followed."""
        given = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        request = urllib.request.Request(self.url + path, data=body, headers=given, method=method)
        try:
            with _OPENER.open(request, timeout=30) as response:
                return Answer(response.status, response.headers, response.read())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, refusal.headers, refusal.read())

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged so far: the JSON lines."""
        found = [line for line in self.log.read_text(errors="replace").splitlines() if line.startswith("{")]
        return [json.loads(line) for line in found]

    def printed(self, pattern: str) -> str:
        """The first group of `pattern` in what it has printed."""
        found = re.search(pattern, self.log.read_text(errors="replace"))
        assert found is not None, f"{pattern!r} was not printed"
        return found[1]

    def _is_ready(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError("it ended at once")
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False


def install(stores: Stores, kind: str, **environment: str) -> Panel:
    """An installation with its owner and plans, not yet started: a copy of the first one that this process made."""
    if not environment.keys() <= NOT_FOR_INIT:
        made = Panel(stores.fresh(kind), **environment)
        made.init()
        return made
    if kind not in stores.installed:
        first = Panel(stores.fresh(kind), data=stores.folder / f"installed-{kind}")
        first.init()
        first.remove()
        stores.installed[kind] = first.database_url, first.data
    url, data = stores.installed[kind]
    made = Panel(stores.copy_of(url), **environment)
    made.is_migrated = True
    made.data.mkdir(mode=0o700)
    for name in MADE_AT_START:
        shutil.copytree(data / name, made.data / name)
    return made


class PanelMaker:
    """Makes installations, each on a database of its own."""

    def __init__(self, stores: Stores, kind: str) -> None:
        self.stores, self.kind = stores, kind
        self._made: list[Panel] = []

    def __call__(self, *, init: bool = True, **environment: str) -> Panel:
        """A new installation; `init=False` leaves its database without a tenant."""
        made = (
            install(self.stores, self.kind, **environment)
            if init
            else Panel(self.stores.fresh(self.kind), **environment)
        )
        made.is_migrated = True
        self._made.append(made)
        return made

    def remove(self) -> None:
        """Stop and delete all of them."""
        for made in self._made:
            made.remove()
            self.stores.drop(made.database_url)


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: Message, body: bytes) -> None:
        self.status, self.headers, self.body = status, dict(headers), body
        jar: SimpleCookie = SimpleCookie()
        for line in headers.get_all("Set-Cookie") or []:
            jar.load(line)
        self.cookies = {name: cookie.value for name, cookie in jar.items()}

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"<{self.status} {self.text[:500]}>"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))
