"""Drills that the short tests here and the long ones in tests/soak share."""

import http.client
import json
import random
import select
import signal
import threading
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field

import psutil
import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.messages import service as messages
from app.kernel.ids import new_id
from tests.faults.conftest import SIGN_UP, looking_into
from tests.support import processes
from tests.support.mail import MailServer
from tests.support.panel import Panel

TAKEN_AT_ONCE = 4
"""Mails that one worker sends at the same time: what a kill may send twice."""


def put_mails(panel: Panel, count: int) -> None:
    """Have `count` mails wait, as one transaction would leave them."""
    with panel.inside() as session:
        owner = session.scalars(sa.select(User)).first()
        assert owner is not None
        for _ in range(count):
            messages.queue("password_changed", to_user=owner, subject_type="user", subject_id=owner.id, fact=new_id())


def mail_states(panel: Panel) -> tuple[dict[str, int], int]:
    """How many mails are in each state, and the most attempts that one took."""
    with looking_into(panel) as connection:
        most = connection.exec_driver_sql("SELECT max(attempts) FROM email_queue").scalar_one()
        return _states(connection), int(most or 0)


def _states(connection: sa.Connection) -> dict[str, int]:
    found = connection.exec_driver_sql("SELECT state, count(*) FROM email_queue GROUP BY state").all()
    connection.commit()  # a rollback would take back that it may see all tenants
    return {str(state): int(count) for state, count in found}


def wait_until_sent(panel: Panel, mail: MailServer, rows: int, *, within: float) -> None:
    """The mail server first, for looking into the database costs more than counting; then what the queue says."""
    processes.wait_for(lambda: len(mail.mails) >= rows, within=within, what="the queue to drain")
    with looking_into(panel) as connection:
        processes.wait_for(lambda: _states(connection) == {"done": rows}, within=within, what="the queue to drain")


def workers(panel: Panel) -> list[psutil.Process]:
    """The worker processes under the panel's supervisor."""
    assert panel.process is not None
    found = []
    for child in psutil.Process(panel.process.pid).children():
        try:
            if "worker" in child.cmdline():
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def kill_workers(panel: Panel, mail: MailServer, *, rows: int, kills: int, within: float) -> None:
    """R-01: SIGKILL the worker again and again while it delivers; nothing is lost, what came twice is known."""
    mail.behave("250 OK", delay=0.02)
    put_mails(panel, rows)
    panel.start()
    killed = 0
    deadline = time.monotonic() + within
    while killed < kills and time.monotonic() < deadline:
        before = len(mail.mails)
        processes.wait_for(lambda seen=before: len(mail.mails) > seen + 2, within=60, what="the next mail")
        time.sleep(random.uniform(0.0, 0.15))
        for one in workers(panel):
            one.kill()
            killed += 1
    wait_until_sent(panel, mail, rows, within=within)

    came = Counter(one.message_id for one in mail.mails)
    twice = sum(count - 1 for count in came.values())
    assert killed == kills
    assert len(came) == rows, f"{rows - len(came)} mails lost"
    assert twice <= kills * TAKEN_AT_ONCE
    assert mail_states(panel)[1] <= 1 + kills


def restart(panel: Panel, mail: MailServer, *, rows: int, restarts: int) -> None:
    """R-02: stop and start the whole panel while it delivers; nothing is lost and nothing comes twice."""
    mail.behave("250 OK", delay=0.05)
    put_mails(panel, rows)
    for number in range(restarts):
        panel.start()
        before = len(mail.mails)
        processes.wait_for(lambda seen=before: len(mail.mails) > seen + 5, within=60, what="some mails")
        started = time.monotonic()
        code = panel.stop(signal.SIGINT if number % 2 else signal.SIGTERM)
        assert code == 0
        assert time.monotonic() - started <= 30
        assert "leased" not in mail_states(panel)[0], "what was not begun went back"
    panel.start()
    wait_until_sent(panel, mail, rows, within=300)

    came = Counter(one.message_id for one in mail.mails)
    assert len(came) == rows, f"{rows - len(came)} mails lost"
    assert set(came.values()) == {1}, f"{sum(came.values()) - rows} came twice"
    assert mail_states(panel)[1] == 1


@dataclass
class Load:
    """Kept-alive connections that read and write, and what came of each request."""

    panel: Panel
    keys: list[str]
    pause: float
    made: list[str] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    reopened: int = 0
    _end: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> "Load":
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(len(self.keys))]
        self._threads += [threading.Thread(target=self._read) for _ in range(4)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _write(self, number: int) -> None:
        with closing(Connection(self)) as connection:
            self._write_on(connection, number)

    def _write_on(self, connection: "Connection", number: int) -> None:
        for index in range(10_000):
            email = f"w{number}-{index}@example.com"
            headers = {"X-API-Key": self.keys[number], "Content-Type": "application/json"}
            body = json.dumps({**SIGN_UP, "email": email})
            status = connection.ask("POST", "/api/marketing-api/accounts/create", body, headers)
            if status == 201:
                with self._lock:
                    self.made.append(email)
            if self._end.wait(7.0):  # ten calls a minute and key
                return

    def _read(self) -> None:
        with closing(Connection(self)) as connection:
            while not self._end.wait(self.pause):
                connection.ask("GET", "/sign-in", None, {})

    def note(self, status: int | None, problem: str = "") -> None:
        """Write down what came of a request."""
        with self._lock:
            if status is None:
                self.lost.append(problem)
            else:
                self.answers[status] += 1


class Connection:
    """A client as HTTP means it: a kept-alive connection that ended before its first byte is opened anew, once."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.http: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> int | None:
        """One request; the status, or None when it was lost."""
        if self.http is not None and select.select([self.http.sock], [], [], 0)[0]:
            self.close()  # the server has ended it; nothing of this request was sent yet
            self.load.reopened += 1
        is_kept = self.http is not None
        try:
            return self._once(method, path, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError) as problem:
            self.close()
            if not is_kept or method == "POST":
                self.load.note(None, f"{method} {problem!r} {is_kept}")
                return None
            self.load.reopened += 1
            return self._once(method, path, body, headers)
        except OSError as problem:
            self.load.note(None, f"{method} {problem!r} {is_kept}")
            self.close()
            return None

    def _once(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> int:
        if self.http is None:
            self.http = http.client.HTTPConnection("127.0.0.1", self.load.panel.port, timeout=30)
        self.http.request(method, path, body, headers)
        answer = self.http.getresponse()
        answer.read()
        self.load.note(answer.status)
        if answer.will_close:
            self.close()
        return answer.status

    def close(self) -> None:
        """Let go of the connection."""
        if self.http is not None:
            self.http.close()
            self.http = None


def reload_under_load(panel: Panel, keys: list[str], *, reloads: int, pause: float) -> None:
    """R-33: replace the web processes one by one under load; no request is lost, no write is doubled."""
    panel.start(arguments=("--web", "2"))
    with Load(panel, keys, pause) as load:
        time.sleep(1)
        for _ in range(reloads):
            _reload(panel)

    assert load.lost == [], f"{len(load.lost)} lost of {sum(load.answers.values())}: {load.lost[:5]}"
    assert set(load.answers) <= {200, 201}, load.answers
    with looking_into(panel) as connection:
        found = connection.exec_driver_sql("SELECT email FROM customers").scalars().all()
    assert sorted(found) == sorted(load.made)


def _reload(panel: Panel) -> None:
    assert panel.process is not None
    before = _pids(panel)
    panel.process.send_signal(signal.SIGHUP)
    processes.wait_for(
        lambda: len(_pids(panel)) == len(before) and not _pids(panel) & before, within=90, what="the reload"
    )


def _pids(panel: Panel) -> set[int]:
    assert panel.process is not None
    return {child.pid for child in psutil.Process(panel.process.pid).children()}
