"""The seals of the audit log."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_logs", sa.Column("impersonator_user_id", app.kernel.columns.Id(length=16), nullable=True))


def downgrade() -> None:
    op.drop_column("audit_logs", "impersonator_user_id")
