"""What a worker does, beside the least that does the same: run in a panel's environment by `queue`.

`python -m tests.bench.work mails|outbox|huey` prints how much each did in a second.
"""

import json
import smtplib
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from email.message import EmailMessage as Mail
from email.policy import SMTP
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import sqlalchemy as sa

from app.config import current as settings
from app.features.accounts.models import User
from app.features.messages import service as messages
from app.features.messages import tasks
from app.features.messages.models import EmailMessage
from app.features.tenants import service as tenants
from app.kernel import clock, db, outbox, queues, tenancy
from app.running.ground import panel

MAILS, ROWS, RINGS = 300, 600, 1500
BATCH = 10
MARK = "worked: "


def main(what: str) -> None:
    """Do it both ways, and say how fast each was."""
    with panel():
        with tenancy.across_tenants("operator"), db.transaction(write=False):
            tenant = tenants.operator()
        assert tenant is not None
        with tenancy.as_tenant(tenant.id):
            done = {"mails": mails, "outbox": claims, "huey": rings}[what]()
    sys.stdout.write(MARK + json.dumps(done) + "\n")


def mails() -> tuple[float, float]:
    """Mails that the worker draws and sends, beside a loop that builds and sends them on one connection."""
    _want(MAILS)
    ours = _rate(tasks.deliver, MAILS)
    with db.transaction(write=False) as session:
        newest = sa.select(EmailMessage).where(EmailMessage.state == "done").order_by(EmailMessage.created_at.desc())
        sent = session.scalars(newest.limit(1)).one()
    target = urlsplit(settings().smtp_url or "")

    def loop() -> None:
        with smtplib.SMTP(target.hostname or "", target.port or 25) as line:
            for _ in range(MAILS):
                mail = Mail(policy=SMTP)
                mail["Subject"], mail["From"], mail["To"] = sent.subject_line, "a@example.com", sent.to_address
                mail["Message-ID"] = f"<{uuid4()}@example.com>"
                mail.set_content(sent.body_text)
                mail.add_alternative(sent.body_html, subtype="html")
                line.send_message(mail)

    return ours, _rate(loop, MAILS)


def claims() -> tuple[float, float]:
    """Rows claimed ten at once and finished one by one, beside the same statements without anything around them."""
    _want(ROWS)

    def ours() -> None:
        while claimed := outbox.claim(EmailMessage, limit=BATCH):
            for row in claimed:
                with db.transaction():
                    outbox.finish(row)

    measured = _rate(ours, ROWS)
    _want(ROWS)
    return measured, _rate(_raw, ROWS)


def _raw() -> None:
    url = sa.make_url(settings().database_url)
    if url.get_backend_name() == "sqlite":
        assert url.database is not None
        line: Any = sqlite3.connect(url.database, isolation_level=None, timeout=30)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL"):
            line.execute(f"PRAGMA {pragma}")
        _raw_loop(
            line, "?", "BEGIN IMMEDIATE", "", time.strftime("%Y-%m-%d %H:%M:%S.000000", time.gmtime()), uuid4().bytes
        )
    else:
        line = psycopg.connect(host=str(url.query["host"]), user=url.username, dbname=url.database, autocommit=True)
        line.execute("SELECT set_config('mpanel.across', 'on', false)")
        _raw_loop(line, "%s", "BEGIN", "FOR UPDATE SKIP LOCKED", clock.now(), uuid4())
    line.close()


def _raw_loop(line: Any, mark: str, begin: str, lock: str, now: object, token: object) -> None:
    table = EmailMessage.__tablename__
    claim = (
        f"UPDATE {table} SET state = 'leased', attempts = attempts + 1, lease_until = {mark}, next_at = {mark}, "
        f"lease_token = {mark} WHERE id IN (SELECT id FROM {table} WHERE state IN ('waiting', 'leased') AND "
        f"next_at <= {mark} ORDER BY priority, next_at LIMIT {BATCH} {lock}) RETURNING id"
    )
    finish = (
        f"UPDATE {table} SET state = 'done', lease_until = NULL, lease_token = NULL WHERE id = {mark} AND "
        f"lease_token = {mark}"
    )
    far = clock.now().replace(year=2100) if mark == "%s" else "2100-01-01 00:00:00.000000"
    while True:
        line.execute(begin)
        rows = line.execute(claim, (far, far, token, now)).fetchall()
        line.execute("COMMIT")
        if not rows:
            return
        for (row_id,) in rows:
            line.execute(begin)
            line.execute(finish, (row_id, token))
            line.execute("COMMIT")


def rings() -> tuple[float, float]:
    """Tasks of the panel's own Huey, sent and done, beside one of the library as it comes."""
    import huey

    with tempfile.TemporaryDirectory() as folder:
        ours, task = queues.make_huey(Path(folder), None, timeout=1.0, answer=_nothing)
        bare = huey.SqliteHuey("bare", filename=f"{folder}/bare.db", results=False, fsync=False)
        plain = bare.task()(_nothing)

        def through(found: Any, send: Callable[..., object]) -> Callable[[], None]:
            def work() -> None:
                for number in range(RINGS):
                    send("email", float(number))
                while (waiting := found.dequeue()) is not None:
                    found.execute(waiting)

            return work

        return _rate(through(ours, task), RINGS), _rate(through(bare, plain), RINGS)


def _nothing(_name: str, _rung_at: float) -> None:
    return None


def _want(count: int) -> None:
    """So many mails that wait, and nothing else."""
    with db.transaction() as session:
        done = sa.update(EmailMessage).where(EmailMessage.state.in_(["waiting", "leased"])).values(state="kept")
        session.execute(done.execution_options(synchronize_session=False))
        user = session.scalars(sa.select(User).where(User.email.like("carla-%")).limit(1)).one()
        for _ in range(count):
            messages.queue(
                "password_changed", to_user=user, subject_type="user", subject_id=user.id, fact=uuid4(), priority=1
            )


def _rate(work: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


if __name__ == "__main__":
    main(sys.argv[1])
