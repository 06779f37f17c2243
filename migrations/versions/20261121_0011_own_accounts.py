"""Accounts that people make and change themselves, and what staff do for them by hand."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LOOKING = "impersonator_session_id IS NOT NULL AND ended_at IS NULL"


def upgrade() -> None:
    _let_staff_look()


def _let_staff_look() -> None:
    """A login may name the staff's own login behind it."""
    with op.batch_alter_table("user_sessions") as batch:
        batch.add_column(sa.Column("impersonator_session_id", app.kernel.columns.Id(length=16), nullable=True))
        batch.create_foreign_key(
            op.f("fk_user_sessions_tenant_id_impersonator_session_id"),
            "user_sessions",
            ["tenant_id", "impersonator_session_id"],
            ["tenant_id", "id"],
        )
    op.create_index(
        "ix_user_sessions_impersonator_session_id", "user_sessions", ["tenant_id", "impersonator_session_id"]
    )
    op.create_index(
        "ix_user_sessions_impersonations",
        "user_sessions",
        ["expires_at"],
        sqlite_where=sa.text(LOOKING),
        postgresql_where=sa.text(LOOKING),
    )


def downgrade() -> None:
    op.drop_index("ix_user_sessions_impersonations", table_name="user_sessions")
    op.drop_index("ix_user_sessions_impersonator_session_id", table_name="user_sessions")
    with op.batch_alter_table("user_sessions") as batch:
        batch.drop_constraint(op.f("fk_user_sessions_tenant_id_impersonator_session_id"), type_="foreignkey")
        batch.drop_column("impersonator_session_id")
