"""Customers that are merged into another one."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLE = "customer_aliases"


def _id(name: str) -> sa.Column:
    return sa.Column(name, app.kernel.columns.Id(length=16), nullable=False)


def _moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, app.kernel.columns.UtcDateTime(timezone=True), nullable=nullable)


def _points(column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], ["customers.tenant_id", "customers.id"], name=op.f(f"fk_{TABLE}_tenant_id_{column}")
    )


def _row_security(table: str) -> tuple[str, ...]:
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_only ON {table} USING "
        "(tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) "
        "OR (SELECT current_setting('mpanel.across', true)) = 'on')",
    )


def upgrade() -> None:
    """A new column and a new table: no table is built anew, so no trigger is lost."""
    op.add_column("customers", _moment("merged_at"))
    op.create_table(
        TABLE,
        _id("merged_id"),
        _id("kept_id"),
        _id("tenant_id"),
        _id("id"),
        _moment("created_at", nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{TABLE}_tenant_id")),
        _points("merged_id"),
        _points("kept_id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f(f"uq_{TABLE}_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "merged_id", name=op.f(f"uq_{TABLE}_tenant_id_merged_id")),
        info={"tenant_owned": True},
    )
    op.create_index(f"ix_{TABLE}_kept_id", TABLE, ["tenant_id", "kept_id"])
    if op.get_bind().dialect.name == "postgresql":
        for statement in _row_security(TABLE):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table(TABLE)
    op.drop_column("customers", "merged_at")
