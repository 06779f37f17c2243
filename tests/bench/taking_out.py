"""The audit log as a file, beside a bare loop from a cursor to CSV: run in a panel's environment by `auditing`.

`python -m tests.bench.taking_out COUNT` fills the log to so many rows and prints how many a second each way writes,
of the processor's own time: names and addresses are decrypted by the panel, and copied as they lie by the loop.
"""

import csv
import io
import json
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
import sqlalchemy as sa

from app.config import current as settings
from app.features.audit import listing
from app.features.audit.files import File
from app.features.audit.models import AuditLog
from app.features.tenants import service as tenants
from app.kernel import db, tenancy
from app.running.ground import panel
from tests.audit import believable

MARK = "taken out: "
AT_ONCE = 1000
_COLUMNS = (
    "created_at, severity, action, resource_type, resource_id, actor_user_id, impersonator_user_id, actor_key_id, "
    "personal, personal_key_id, request_id, is_gdpr, is_pci, description, state_before, state_after, id"
)


def main(count: int) -> None:
    """Do it both ways, one after the other, and say how fast each was."""
    with panel():
        with tenancy.across_tenants("operator"), db.transaction(write=False):
            tenant = tenants.operator()
        assert tenant is not None
        with tenancy.as_tenant(tenant.id):
            with db.transaction(write=False):
                there = db.session().scalar(sa.select(sa.func.count()).select_from(AuditLog)) or 0
            believable.write(max(0, count - there))
            rows = max(there, count)
            _drain(File(listing.read({"from": "2999-01-01"}), "csv").parts())  # what is made once is no part of it
            ours = _rate(lambda: _drain(File(listing.read({}), "csv").parts()), rows)
            bare = _rate(_bare, rows)
    sys.stdout.write(MARK + json.dumps([ours, bare]) + "\n")


def _drain(parts: Iterable[bytes]) -> None:
    for _ in parts:
        pass


def _bare() -> None:
    url = sa.make_url(settings().database_url)
    if url.get_backend_name() == "sqlite":
        assert url.database is not None
        line: Any = sqlite3.connect(url.database)
        cursor = line.cursor()
    else:
        line = psycopg.connect(host=str(url.query["host"]), user=url.username, dbname=url.database)
        line.execute("SELECT set_config('mpanel.across', 'on', false)")
        cursor = line.cursor("bare")
    cursor.execute(f"SELECT {_COLUMNS} FROM audit_logs ORDER BY created_at DESC, id DESC")
    while found := cursor.fetchmany(AT_ONCE):
        buffer = io.StringIO()
        csv.writer(buffer).writerows(found)
        buffer.getvalue().encode()
    line.close()


def _rate(work: Callable[[], None], count: int) -> float:
    begun = time.process_time()
    work()
    return count / (time.process_time() - begun)


if __name__ == "__main__":
    main(int(sys.argv[1]))
