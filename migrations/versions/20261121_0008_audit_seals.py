"""The seals of the audit log, the order they go by, who acted as whom, and a log of every API request."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None



def upgrade() -> None:
    op.add_column("audit_logs", sa.Column("impersonator_user_id", app.kernel.columns.Id(length=16), nullable=True))
    op.add_column("tenants", sa.Column("audit_kept_years", sa.SmallInteger(), nullable=True))
    op.add_column("tenants", sa.Column("api_log_kept_days", sa.SmallInteger(), nullable=False, server_default="90"))


def downgrade() -> None:
    op.drop_column("tenants", "api_log_kept_days")
    op.drop_column("tenants", "audit_kept_years")
    op.drop_column("audit_logs", "impersonator_user_id")
