"""Kept figures for the staff's first page."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("daily_figures", "figure_deltas", "hidden_checklists", "mrr_movements")
"""New tables; the rows of each belong to a tenant."""

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def row_security(table: str) -> tuple[str, ...]:
    """What keeps one tenant's rows of `table` from another's sight."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_only ON {table} USING (tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) OR (SELECT current_setting('mpanel.across', true)) = 'on')",
    )


def own() -> tuple[sa.schema.SchemaItem, ...]:
    """What every tenant's row has."""
    return (
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
    )


def keys(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """The keys that every tenant's table has."""
    return (
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f(f"uq_{table}_tenant_id_id")),
    )


FIGURES = (
    "revenue", "invoiced", "mrr", "mrr_new", "mrr_expansion", "mrr_contraction", "mrr_churn",
    "customers", "orders", "services", "services_begun", "services_ended",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "figure_deltas",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount", NUMBER, nullable=False),
        *own(),
        *keys("figure_deltas"),
    )
    op.create_table(
        "daily_figures",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        *(sa.Column(name, NUMBER, nullable=False) for name in FIGURES),
        *own(),
        *keys("daily_figures"),
        sa.UniqueConstraint("tenant_id", "day", "currency", name=op.f("uq_daily_figures_tenant_id_day_currency")),
    )
    op.create_table(
        "hidden_checklists",
        sa.Column("hidden_by", app.kernel.columns.Id(length=16), nullable=True),
        *own(),
        *keys("hidden_checklists"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "hidden_by"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_hidden_checklists_tenant_id_hidden_by"),
        ),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_hidden_checklists_tenant_id")),
    )
    op.create_index("ix_hidden_checklists_hidden_by", "hidden_checklists", ["tenant_id", "hidden_by"])
    _create_movements()
    if op.get_context().dialect.name == "postgresql":
        for table in TABLES:
            for statement in row_security(table):
                op.execute(statement)


def _create_movements() -> None:
    op.create_table(
        "mrr_movements",
        sa.Column("subscription_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("happened_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("monthly_minor", NUMBER, nullable=False),
        sa.Column("services", NUMBER, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        *own(),
        *keys("mrr_movements"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "subscription_id"],
            ["subscriptions.tenant_id", "subscriptions.id"],
            name=op.f("fk_mrr_movements_tenant_id_subscription_id"),
        ),
        sa.CheckConstraint("kind IN ('new', 'expansion', 'contraction', 'churn')", name=op.f("ck_mrr_movements_kind")),
    )
    op.create_index("ix_mrr_movements_subscription_id", "mrr_movements", ["tenant_id", "subscription_id"])


def downgrade() -> None:
    op.drop_table("mrr_movements")
    op.drop_table("hidden_checklists")
    op.drop_table("daily_figures")
    op.drop_table("figure_deltas")
