"""What whoever read an article over said when they sent it back, and who that was."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kb_articles", sa.Column("review_note", sa.Text(), nullable=False, server_default=""))
    op.add_column("kb_articles", sa.Column("sent_back_by", app.kernel.columns.Id(length=16), nullable=True))


def downgrade() -> None:
    op.drop_column("kb_articles", "sent_back_by")
    op.drop_column("kb_articles", "review_note")
