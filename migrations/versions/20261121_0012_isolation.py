"""The last results of the isolation check."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import app.kernel.columns

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "isolation_runs",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("store", sa.String(length=16), nullable=False),
        sa.Column("routes", NUMBER, nullable=False),
        sa.Column("roles", NUMBER, nullable=False),
        sa.Column("calls", NUMBER, nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("fingerprint", sa.String(length=16), nullable=False),
        sa.Column("findings", JSON, nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_isolation_runs")),
    )
    op.create_index("ix_isolation_runs_newest", "isolation_runs", ["created_at", "id"])


def downgrade() -> None:
    op.drop_table("isolation_runs")
