"""Tenants that are suspended with a word, and closed."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Columns one by one: no table is built anew, so no trigger is lost."""
    op.add_column("tenants", sa.Column("suspension_note", sa.Text(), nullable=False, server_default=""))
    op.add_column("tenants", sa.Column("closed_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True))
    op.add_column("tenants", sa.Column("erased_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for name in ("erased_at", "closed_at", "suspension_note"):
        op.drop_column("tenants", name)
