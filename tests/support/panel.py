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
from email.message import Message
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from tests.support import processes
from tests.support.stores import ROOT, Stores

OWNER_EMAIL = "olive@harbourline.example"
OWNER_PASSWORD = "correct horse battery staple"
KEY = "k8Zr2vQ9xLw4TnB7yHs6JdF3mPc5GaUe"
"""SECRET_KEY and JWT_SECRET of panels under test; 32 characters, no secret."""


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
        """A key for programs with `scopes` (`marketing` when none is given)."""
        wanted = [part for scope in scopes or ("marketing",) for part in ("--scope", scope)]
        return self.command("api-key", "create", "--name", name, *wanted).stdout.strip()

    def start(
        self,
        *,
        command: str = "run",
        arguments: tuple[str, ...] = (),
        within: float = 60,
        program: list[str] | None = None,
    ) -> "Panel":
        """Start `mpanel run` (or `web`, `worker`) and wait until it is ready; `program` stands in for `mpanel`."""
        line = [*(program or mpanel()), command, *arguments]
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


class PanelMaker:
    """Makes installations, each on a database of its own."""

    def __init__(self, stores: Stores, kind: str) -> None:
        self.stores, self.kind = stores, kind
        self._made: list[Panel] = []

    def __call__(self, *, init: bool = True, **environment: str) -> Panel:
        """A new installation; `init=False` leaves its database without a tenant."""
        made = Panel(self.stores.fresh(self.kind), **environment)
        self._made.append(made)
        if init:
            made.init()
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
