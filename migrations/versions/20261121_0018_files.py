"""Pictures that people bring, and what shows them."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = ("stored_files", "file_uses")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, app.kernel.columns.Id(length=16), nullable=nullable)


def _moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, app.kernel.columns.UtcDateTime(timezone=True), nullable=nullable)


def _row_security(table: str) -> tuple[str, ...]:
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_only ON {table} USING "
        "(tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) "
        "OR (SELECT current_setting('mpanel.across', true)) = 'on')",
    )


def _of_a_tenant(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        _id("tenant_id"),
        _id("id"),
        _moment("created_at", nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f(f"uq_{table}_tenant_id_id")),
    )


def upgrade() -> None:
    op.create_table(
        "stored_files",
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("ending", sa.String(length=4), nullable=False),
        *(sa.Column(name, NUMBER, nullable=False) for name in ("width", "height", "byte_count")),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        _id("made_by", nullable=True),
        _moment("unused_since"),
        *_of_a_tenant("stored_files"),
        sa.CheckConstraint("purpose IN ('article', 'testimonial')", name=op.f("ck_stored_files_purpose")),
        sa.CheckConstraint("byte_count > 0 AND width > 0 AND height > 0", name=op.f("ck_stored_files_size")),
        sa.UniqueConstraint("tenant_id", "sha256", name=op.f("uq_stored_files_tenant_id_sha256")),
        info={"tenant_owned": True},
    )
    op.create_index("ix_stored_files_newest", "stored_files", ["tenant_id", "created_at", "id"])
    op.create_index("ix_stored_files_unused_since", "stored_files", ["tenant_id", "unused_since"])
    op.create_table(
        "file_uses",
        _id("file_id"),
        sa.Column("used_by_type", sa.String(length=40), nullable=False),
        _id("used_by_id"),
        *_of_a_tenant("file_uses"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "file_id"],
            ["stored_files.tenant_id", "stored_files.id"],
            name=op.f("fk_file_uses_tenant_id_file_id"),
        ),
        sa.UniqueConstraint(
            "tenant_id",
            "used_by_type",
            "used_by_id",
            "file_id",
            name=op.f("uq_file_uses_tenant_id_used_by_type_used_by_id_file_id"),
        ),
        info={"tenant_owned": True},
    )
    op.create_index("ix_file_uses_file_id", "file_uses", ["tenant_id", "file_id"])
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in _row_security(table):
                op.execute(statement)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
