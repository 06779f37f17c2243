"""Webhooks: endpoints, and what each was told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import app.kernel.columns

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("webhooks", "webhook_deliveries")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
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


def upgrade() -> None:
    _make_webhooks()
    _make_deliveries()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in _row_security(table):
                op.execute(statement)


def _make_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", JSON, nullable=False),
        sa.Column("is_restricted", sa.Boolean(), nullable=False),
        sa.Column("headers_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret_sealed", sa.LargeBinary(), nullable=True),
        _moment("previous_until"),
        sa.Column("retry_enabled", sa.Boolean(), nullable=False),
        _moment("failing_since"),
        _moment("disabled_at"),
        sa.Column("disabled_reason", sa.String(length=10), nullable=False),
        _moment("deleted_at"),
        _id("created_by", nullable=True),
        _id("tenant_id"),
        _id("id"),
        _moment("created_at", nullable=False),
        sa.CheckConstraint(
            "disabled_reason IN ('', 'by_hand', 'gone', 'failing')", name=op.f("ck_webhooks_disabled_reason")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_webhooks_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_webhooks_tenant_id_id")),
        info={"tenant_owned": True},
    )
    op.create_index("ix_webhooks_newest", "webhooks", ["tenant_id", "created_at", "id"])


def _make_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        _id("webhook_id"),
        sa.Column("event", sa.String(length=60), nullable=False),
        _id("event_id"),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("is_test", sa.Boolean(), nullable=False),
        sa.Column("attempt_log", JSON, nullable=False),
        sa.Column("request_headers", JSON, nullable=False),
        sa.Column("response_status", NUMBER, nullable=True),
        sa.Column("response_headers", JSON, nullable=False),
        sa.Column("response_body", sa.Text(), nullable=True),
        sa.Column("is_cut", sa.Boolean(), nullable=False),
        sa.Column("duration_ms", NUMBER, nullable=True),
        _moment("settled_at"),
        _id("tenant_id"),
        _id("id"),
        _moment("created_at", nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", NUMBER, nullable=False),
        _moment("next_at", nullable=False),
        _moment("lease_until"),
        _id("lease_token", nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'leased', 'done', 'dead', 'kept')", name=op.f("ck_webhook_deliveries_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "webhook_id"],
            ["webhooks.tenant_id", "webhooks.id"],
            name=op.f("fk_webhook_deliveries_tenant_id_webhook_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_webhook_deliveries_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_webhook_deliveries_tenant_id_id")),
        info={"tenant_owned": True},
    )
    for name, columns in (
        ("newest", ["tenant_id", "created_at", "id"]),
        ("endpoint", ["tenant_id", "webhook_id", "created_at", "id"]),
        ("state", ["tenant_id", "state", "created_at", "id"]),
        ("event", ["tenant_id", "event", "created_at", "id"]),
    ):
        op.create_index(f"ix_webhook_deliveries_{name}", "webhook_deliveries", columns)
    due = sa.text("state IN ('waiting', 'leased')")
    op.create_index(
        "ix_webhook_deliveries_due", "webhook_deliveries", ["webhook_id", "next_at"],
        sqlite_where=due, postgresql_where=due,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("webhook_deliveries")
    op.drop_table("webhooks")
