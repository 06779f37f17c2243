"""What staff look the audit log up by, and the files of it that they ask for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import app.kernel.columns

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LOOKED_UP = (
    ("actor", "actor_user_id", None),
    ("impersonator", "impersonator_user_id", "impersonator_user_id IS NOT NULL"),
    ("action", "action", None),
    ("type", "resource_type", None),
    ("severity", "severity", "severity <> 'info'"),
    ("request", "request_id", "request_id <> ''"),
)
"""Name of the index, column, and of which rows."""


RESOURCE = ["tenant_id", "resource_type", "resource_id", "created_at"]


def upgrade() -> None:
    op.drop_index("ix_audit_logs_resource", table_name="audit_logs")
    op.create_index("ix_audit_logs_resource", "audit_logs", [*RESOURCE, "id"])
    for name, column, only in LOOKED_UP:
        where = {} if only is None else {"sqlite_where": sa.text(only), "postgresql_where": sa.text(only)}
        op.create_index(f"ix_audit_logs_{name}", "audit_logs", ["tenant_id", column, "created_at", "id"], **where)
    _make_exports()
    _make_parts()
    if op.get_bind().dialect.name == "postgresql":
        for table in ("audit_exports", "audit_export_parts"):
            for statement in _row_security(table):
                op.execute(statement)


def _make_exports() -> None:
    op.create_table(
        "audit_exports",
        _id("user_id"),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("filters", JSON, nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("row_count", NUMBER, nullable=False),
        sa.Column("byte_count", NUMBER, nullable=False),
        sa.Column("share", NUMBER, nullable=False),
        _moment("finished_at"),
        _moment("expires_at", nullable=False),
        _id("tenant_id"),
        _id("id"),
        _moment("created_at", nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", NUMBER, nullable=False),
        _moment("next_at", nullable=False),
        _moment("lease_until"),
        _id("lease_token", nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('csv', 'json')", name=op.f("ck_audit_exports_kind")),
        sa.CheckConstraint(
            "state IN ('waiting', 'leased', 'done', 'dead', 'kept')", name=op.f("ck_audit_exports_state")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_audit_exports_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_exports")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_audit_exports_tenant_id_id")),
    )
    op.create_index("ix_audit_exports_owner", "audit_exports", ["tenant_id", "user_id", "created_at", "id"])
    op.create_index("ix_audit_exports_expires_at", "audit_exports", ["expires_at"])
    due = sa.text("state IN ('waiting', 'leased')")
    op.create_index("ix_audit_exports_due", "audit_exports", ["next_at"], sqlite_where=due, postgresql_where=due)


def _make_parts() -> None:
    op.create_table(
        "audit_export_parts",
        _id("export_id"),
        sa.Column("number", NUMBER, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _id("tenant_id"),
        _id("id"),
        _moment("created_at", nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_audit_export_parts_tenant_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "export_id"],
            ["audit_exports.tenant_id", "audit_exports.id"],
            name=op.f("fk_audit_export_parts_tenant_id_export_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_export_parts")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_audit_export_parts_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "export_id", "number", name=op.f("uq_audit_export_parts_tenant_id_export_id_number")
        ),
    )


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


def downgrade() -> None:
    op.drop_table("audit_export_parts")
    op.drop_table("audit_exports")
    for name, _column, _only in LOOKED_UP:
        op.drop_index(f"ix_audit_logs_{name}", table_name="audit_logs")
    op.drop_index("ix_audit_logs_resource", table_name="audit_logs")
    op.create_index("ix_audit_logs_resource", "audit_logs", RESOURCE)
