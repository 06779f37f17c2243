"""The table behind R2 and R3: 100,000 invoices of 10,000 clients, as the anchors of the speed sheet have it."""

import datetime as dt
import random

import sqlalchemy as sa

ROWS, CLIENTS = 100_000, 10_000
METADATA = sa.MetaData()
clients = sa.Table(
    "clients",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("email", sa.String, nullable=False),
)
invoices = sa.Table(
    "invoices",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("number", sa.String, nullable=False),
    sa.Column("client_id", sa.ForeignKey("clients.id"), index=True, nullable=False),
    sa.Column("product", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("due_on", sa.Date, nullable=False),
    sa.Column("total_cents", sa.Integer, nullable=False),
    sa.Column("currency", sa.String, nullable=False),
    sa.Column("created_at", sa.DateTime, nullable=False),
    sa.Index("ix_inv_status_id", "status", "id"),
)
audit = sa.Table(
    "audit",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("user_id", sa.Integer, index=True, nullable=False),
    sa.Column("action", sa.String, nullable=False),
    sa.Column("ip", sa.String, nullable=False),
    sa.Column("target", sa.String, nullable=False),
    sa.Column("detail", sa.String, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
)
_PRAGMAS = (
    "journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON", "cache_size=-65536",
    "mmap_size=268435456",
)  # fmt: skip


def engine(url: str) -> sa.Engine:
    """An engine set up as the anchors' is."""
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_size=20, max_overflow=5)
    made = sa.create_engine(
        url,
        poolclass=sa.QueuePool,
        pool_size=20,
        max_overflow=0,
        connect_args={"timeout": 30, "check_same_thread": False},
    )

    @sa.event.listens_for(made, "connect")
    def prepare(connection, _record):
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    return made


def fill(url: str) -> None:
    """Make schema and rows in the empty database at `url`."""
    chance, now, made = random.Random(1), dt.datetime(2026, 1, 1), engine(url)
    METADATA.create_all(made)
    states = ("paid", "paid", "paid", "unpaid", "overdue", "cancelled")
    with made.begin() as connection:
        people = [
            {"id": number, "name": f"Client {number} & Sons GmbH", "email": f"user{number}@example.org"}
            for number in range(1, CLIENTS + 1)
        ]
        connection.execute(clients.insert(), people)
        for first in range(1, ROWS + 1, 20_000):
            numbers = range(first, min(ROWS, first + 19_999) + 1)
            connection.execute(invoices.insert(), [_invoice(number, chance, now, states) for number in numbers])
    with made.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))
    made.dispose()


def _invoice(number: int, chance: random.Random, now: dt.datetime, states: tuple[str, ...]) -> dict[str, object]:
    return {
        "id": number,
        "number": f"INV-{number:08d}",
        "client_id": chance.randint(1, CLIENTS),
        "product": f"Web hosting plan {number % 7}",
        "status": chance.choice(states),
        "due_on": now.date() + dt.timedelta(days=number % 365),
        "total_cents": chance.randint(100, 99_999),
        "currency": "EUR",
        "created_at": now + dt.timedelta(seconds=number),
    }
