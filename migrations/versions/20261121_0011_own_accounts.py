"""Accounts that people make and change themselves, and what staff do for them by hand."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LOOKING = "impersonator_session_id IS NOT NULL AND ended_at IS NULL"
TABLES = ("sign_ups", "terms_versions", "consents", "email_changes", "email_undos", "customer_notes")
"""New tables; the rows of each belong to a tenant."""
COLUMNS = (
    ("tenants", sa.Column("sign_up_open", sa.Boolean(), nullable=False, server_default=sa.true())),
    ("tenants", sa.Column("terms_version", sa.Text(), nullable=False, server_default="")),
    ("tenants", sa.Column("terms_published_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True)),
    ("users", sa.Column("terms_version", sa.Text(), nullable=False, server_default="")),
)


def row_security(table: str) -> tuple[str, ...]:
    """What keeps one tenant's rows of `table` from another's sight."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_only ON {table} USING (tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) OR (SELECT current_setting('mpanel.across', true)) = 'on')",
    )


def own(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    """What every tenant's row has, and its keys."""
    return (
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f(f"uq_{table}_tenant_id_id")),
    )


def link() -> tuple[sa.schema.SchemaItem, ...]:
    """What a link that goes out by mail has."""
    moment = app.kernel.columns.UtcDateTime(timezone=True)
    return (
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("lasts_seconds", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("delivered_at", moment, nullable=True),
        sa.Column("used_at", moment, nullable=True),
        sa.Column("revoked_at", moment, nullable=True),
    )


def to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """A key to a row of the same tenant."""
    name = op.f(f"fk_{table}_tenant_id_{column}")
    return sa.ForeignKeyConstraint(["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], name=name)


def upgrade() -> None:
    _let_staff_look()
    for table, column in COLUMNS:
        op.add_column(table, column._copy())
    _create_sign_ups()
    _create_agreements()
    _create_email_changes()
    _create_notes()
    if op.get_context().dialect.name == "postgresql":
        for table in TABLES:
            for statement in row_security(table):
                op.execute(statement)


def _create_sign_ups() -> None:
    op.create_table(
        "sign_ups",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("terms_version", sa.Text(), nullable=False),
        sa.Column("wants_news", sa.Boolean(), nullable=False),
        *link(),
        *own("sign_ups"),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_ups_token_hash")),
    )
    op.create_index("ix_sign_ups_address", "sign_ups", ["tenant_id", "email_key"])
    op.create_index("ix_sign_ups_newest", "sign_ups", ["tenant_id", "created_at"])


def _create_agreements() -> None:
    op.create_table(
        "terms_versions",
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("published_by", app.kernel.columns.Id(length=16), nullable=True),
        *own("terms_versions"),
        to("terms_versions", "published_by", "users"),
        sa.UniqueConstraint("tenant_id", "version", name=op.f("uq_terms_versions_tenant_id_version")),
    )
    op.create_index("ix_terms_versions_published_by", "terms_versions", ["tenant_id", "published_by"])
    op.create_table(
        "consents",
        sa.Column("user_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("given_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("given_where", sa.String(length=20), nullable=False),
        sa.Column("withdrawn_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        *own("consents"),
        to("consents", "user_id", "users"),
        sa.CheckConstraint("kind IN ('terms', 'marketing')", name=op.f("ck_consents_kind")),
    )
    op.create_index("ix_consents_user_id", "consents", ["tenant_id", "user_id"])


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


def _create_email_changes() -> None:
    op.create_table(
        "email_changes",
        sa.Column("user_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("old_email", sa.Text(), nullable=False),
        sa.Column("old_key", sa.Text(), nullable=False),
        sa.Column("new_email", sa.Text(), nullable=False),
        sa.Column("undone_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        *link(),
        *own("email_changes"),
        to("email_changes", "user_id", "users"),
        sa.UniqueConstraint("token_hash", name=op.f("uq_email_changes_token_hash")),
    )
    op.create_index("ix_email_changes_old", "email_changes", ["tenant_id", "old_key"])
    op.create_index("ix_email_changes_user_id", "email_changes", ["tenant_id", "user_id"])
    op.create_table(
        "email_undos",
        sa.Column("change_id", app.kernel.columns.Id(length=16), nullable=False),
        *link(),
        *own("email_undos"),
        to("email_undos", "change_id", "email_changes"),
        sa.UniqueConstraint("token_hash", name=op.f("uq_email_undos_token_hash")),
    )
    op.create_index("ix_email_undos_change_id", "email_undos", ["tenant_id", "change_id"])


def _create_notes() -> None:
    op.create_table(
        "customer_notes",
        sa.Column("customer_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("author_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pinned_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("edited_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        *own("customer_notes"),
        to("customer_notes", "customer_id", "customers"),
        to("customer_notes", "author_id", "users"),
    )
    op.create_index("ix_customer_notes_newest", "customer_notes", ["tenant_id", "customer_id", "created_at", "id"])
    op.create_index("ix_customer_notes_author_id", "customer_notes", ["tenant_id", "author_id"])


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    for table, column in reversed(COLUMNS):
        op.drop_column(table, column.name)
    op.drop_index("ix_user_sessions_impersonations", table_name="user_sessions")
    op.drop_index("ix_user_sessions_impersonator_session_id", table_name="user_sessions")
    with op.batch_alter_table("user_sessions") as batch:
        batch.drop_constraint(op.f("fk_user_sessions_tenant_id_impersonator_session_id"), type_="foreignkey")
        batch.drop_column("impersonator_session_id")
