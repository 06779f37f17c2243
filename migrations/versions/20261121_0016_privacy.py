"""Copies of personal data, wishes to be erased, and how long things are kept."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = ("data_copies", "data_copy_parts", "erasures")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DUE = sa.text("state IN ('waiting', 'leased')")


def _id(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, app.kernel.columns.Id(length=16), nullable=nullable)


def _moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, app.kernel.columns.UtcDateTime(timezone=True), nullable=nullable)


def _number(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, NUMBER, nullable=nullable)


def _row_security(table: str) -> tuple[str, ...]:
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_only ON {table} USING "
        "(tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) "
        "OR (SELECT current_setting('mpanel.across', true)) = 'on')",
    )


def upgrade() -> None:
    """New columns one by one: no table is built anew, so no trigger is lost."""
    for name in ("keep_mails_days", "keep_closed_days"):
        op.add_column("tenants", _number(name, nullable=True))
    for name in ("closed_at", "erased_at"):
        op.add_column("customers", _moment(name))
    _make_copies()
    _make_erasures()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in _row_security(table):
                op.execute(statement)


def _of_a_tenant(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        _id("tenant_id"),
        _id("id"),
        _moment("created_at", nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f(f"uq_{table}_tenant_id_id")),
    )


def _of_the_outbox(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("state", sa.String(length=8), nullable=False),
        _number("attempts"),
        _moment("next_at", nullable=False),
        _moment("lease_until"),
        _id("lease_token", nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'leased', 'done', 'dead', 'kept')", name=op.f(f"ck_{table}_state")),
    )


def _points(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
    )


def _make_copies() -> None:
    op.create_table(
        "data_copies",
        sa.Column("kind", sa.String(length=16), nullable=False),
        _id("subject_id"),
        _id("asked_by"),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        _number("records"),
        _number("byte_count"),
        _moment("finished_at"),
        _moment("expires_at", nullable=False),
        *_of_a_tenant("data_copies"),
        *_of_the_outbox("data_copies"),
        sa.CheckConstraint("kind IN ('person', 'customer', 'tenant')", name=op.f("ck_data_copies_kind")),
        _points("data_copies", "asked_by", "users"),
        info={"tenant_owned": True},
    )
    op.create_index("ix_data_copies_asked_by", "data_copies", ["tenant_id", "asked_by", "created_at", "id"])
    op.create_index("ix_data_copies_due", "data_copies", ["next_at"], sqlite_where=DUE, postgresql_where=DUE)
    op.create_index("ix_data_copies_expires_at", "data_copies", ["expires_at"])
    op.create_index("ix_data_copies_subject", "data_copies", ["tenant_id", "subject_id", "created_at", "id"])
    op.create_table(
        "data_copy_parts",
        _id("copy_id"),
        _number("number"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        *_of_a_tenant("data_copy_parts"),
        _points("data_copy_parts", "copy_id", "data_copies"),
        sa.UniqueConstraint("tenant_id", "copy_id", "number", name=op.f("uq_data_copy_parts_tenant_id_copy_id_number")),
        info={"tenant_owned": True},
    )


def _make_erasures() -> None:
    op.create_table(
        "erasures",
        _id("customer_id", nullable=True),
        _id("user_id", nullable=True),
        _id("asked_by", nullable=True),
        _id("decided_by", nullable=True),
        _moment("refused_at"),
        sa.Column("refusal", sa.Text(), nullable=False),
        _moment("done_at"),
        _number("touched"),
        *_of_a_tenant("erasures"),
        *_of_the_outbox("erasures"),
        sa.CheckConstraint("(customer_id IS NULL) <> (user_id IS NULL)", name=op.f("ck_erasures_one")),
        _points("erasures", "asked_by", "users"),
        _points("erasures", "customer_id", "customers"),
        _points("erasures", "decided_by", "users"),
        _points("erasures", "user_id", "users"),
        info={"tenant_owned": True},
    )
    for name in ("asked_by", "customer_id", "decided_by", "user_id"):
        op.create_index(f"ix_erasures_{name}", "erasures", ["tenant_id", name])
    op.create_index("ix_erasures_due", "erasures", ["next_at"], sqlite_where=DUE, postgresql_where=DUE)
    op.create_index("ix_erasures_newest", "erasures", ["tenant_id", "created_at", "id"])
    op.create_index("ix_erasures_state", "erasures", ["tenant_id", "state", "created_at", "id"])


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    for name in ("erased_at", "closed_at"):
        op.drop_column("customers", name)
    for name in ("keep_closed_days", "keep_mails_days"):
        op.drop_column("tenants", name)
