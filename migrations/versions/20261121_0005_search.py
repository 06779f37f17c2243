"""What the staff's lists and search look things up by."""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

AT_ONCE = 2000
WORD = re.compile(r"[^\W_]+")

LETTER_BY_LETTER = (("customers", "search_key"), ("invoices", "number"))
"""Columns that are read by range: PostgreSQL compares them by the locale unless told otherwise."""

ROW_SECURITY = (
    "ALTER TABLE search_terms ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE search_terms FORCE ROW LEVEL SECURITY",
    "CREATE POLICY tenant_only ON search_terms USING (tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) OR (SELECT current_setting('mpanel.across', true)) = 'on')",
)


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute("SELECT set_config('mpanel.across', 'on', true)")
        for table, column in LETTER_BY_LETTER:
            op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE TEXT COLLATE "C"')
    terms = op.create_table(
        "search_terms",
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("record_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("word", app.kernel.columns.Code(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_search_terms_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "kind", "record_id", "word", name=op.f("pk_search_terms")),
        sqlite_with_rowid=False,
    )
    fill(terms, "customer", "customers", ("company", "name", "email"))
    fill(terms, "user", "users", ("first_name", "last_name", "email"))
    op.create_index("ix_search_terms_word", "search_terms", ["tenant_id", "kind", "word", "record_id"])
    op.create_index("ix_customers_status_name", "customers", ["tenant_id", "status", "search_key", "id"])
    if is_postgresql:
        for statement in ROW_SECURITY:
            op.execute(statement)
        op.execute("SELECT set_config('mpanel.across', '', true)")


def downgrade() -> None:
    op.drop_index("ix_customers_status_name", table_name="customers")
    op.drop_table("search_terms")
    if op.get_bind().dialect.name == "postgresql":
        for table, column in LETTER_BY_LETTER:
            op.execute(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE TEXT COLLATE "default"')


def fill(terms: sa.Table, kind: str, table: str, texts: tuple[str, ...]) -> None:
    """Write the words of all the rows of `table`, some thousand rows at a time."""
    id_type = app.kernel.columns.Id()
    rows = sa.table(table, sa.column("id", id_type), sa.column("tenant_id", id_type), *map(sa.column, texts))
    after, connection = None, op.get_bind()
    while True:
        asked = sa.select(rows).order_by(rows.c.id).limit(AT_ONCE)
        found = connection.execute(asked if after is None else asked.where(rows.c.id > after)).all()
        written = [
            {"tenant_id": row.tenant_id, "kind": kind, "record_id": row.id, "word": word}
            for row in found
            for word in words_of([getattr(row, name) for name in texts])
        ]
        if written:
            connection.execute(sa.insert(terms), written)
        if len(found) < AT_ONCE:
            return
        after = found[-1].id


def words_of(texts: list[str]) -> list[str]:
    """The words that a record with these texts is found by, as of this revision."""
    found: dict[str, None] = {}
    for text in texts:
        for part in plain(text).split():
            if "@" in part:
                found[part[:64]] = None
            found.update((word[:64], None) for word in WORD.findall(part))
    return list(found)[:40]


def plain(text: str) -> str:
    """The text without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
