"""A tenant's settings: mail server, senders, departments, gateways."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import app.kernel.columns

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_products_newest", "products", ["tenant_id", "created_at", "id"]),
    ("ix_promo_codes_newest", "promo_codes", ["tenant_id", "created_at", "id"]),
    ("ix_promo_codes_uses", "promo_codes", ["tenant_id", "uses", "id"]),
    ("ix_promo_code_usage_newest", "promo_code_usage", ["tenant_id", "promo_code_id", "created_at", "id"]),
)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Columns one by one: no table is built anew, so no trigger is lost."""
    for column in (
        sa.Column("sandbox_enabled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("bank_enabled", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("bank_details", sa.Text(), nullable=False, server_default=""),
        sa.Column("callback_secret_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("callback_secret_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("smtp_url_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("mail_name", sa.Text(), nullable=False, server_default=""),
        sa.Column("mail_from", sa.Text(), nullable=False, server_default=""),
        sa.Column("departments", JSON, nullable=False, server_default="{}"),
    ):
        op.add_column("tenants", column)
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)
    if op.get_bind().dialect.name == "postgresql":  # SQLite compares texts by their bytes already
        op.execute('ALTER TABLE promo_codes ALTER COLUMN code_key TYPE TEXT COLLATE "C"')


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE promo_codes ALTER COLUMN code_key TYPE TEXT COLLATE "default"')
    for name, table, _columns in INDEXES:
        op.drop_index(name, table_name=table)
    for name in (
        "departments",
        "mail_from",
        "mail_name",
        "smtp_url_sealed",
        "callback_secret_at",
        "callback_secret_sealed",
        "bank_details",
        "bank_enabled",
        "sandbox_enabled",
    ):
        op.drop_column("tenants", name)
