"""Invitations, and people who belong here no longer."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STAFF = sa.text("staff_role IS NOT NULL")
OPEN = "used_at IS NULL AND revoked_at IS NULL"
ROW_SECURITY = (
    "ALTER TABLE invitations ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE invitations FORCE ROW LEVEL SECURITY",
    "CREATE POLICY tenant_only ON invitations USING "
    "(tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) "
    "OR (SELECT current_setting('mpanel.across', true)) = 'on')",
)


def _id(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, app.kernel.columns.Id(length=16), nullable=nullable)


def _moment(name: str, nullable: bool = True) -> sa.Column:
    return sa.Column(name, app.kernel.columns.UtcDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.add_column("users", _moment("removed_at"))
    op.create_index(
        "ix_users_staff_newest", "users", ["tenant_id", "created_at", "id"], sqlite_where=STAFF, postgresql_where=STAFF
    )
    _make_invitations()
    if op.get_bind().dialect.name == "postgresql":
        for statement in ROW_SECURITY:
            op.execute(statement)


def _make_invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", app.kernel.columns.Code(), nullable=False),
        _id("customer_id", nullable=True),
        sa.Column("role", NUMBER, nullable=False),
        _id("invited_by"),
        _id("accepted_by", nullable=True),
        sa.Column("times_sent", NUMBER, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("lasts_seconds", NUMBER, nullable=False),
        _moment("expires_at", nullable=False),
        _moment("delivered_at"),
        _moment("used_at"),
        _moment("revoked_at"),
        _id("tenant_id"),
        _id("id"),
        _moment("created_at", nullable=False),
        sa.CheckConstraint("role BETWEEN 1 AND 5", name=op.f("ck_invitations_role")),
        *(
            sa.ForeignKeyConstraint(
                ["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"],
                name=op.f(f"fk_invitations_tenant_id_{column}"),
            )
            for column, table in (("customer_id", "customers"), ("invited_by", "users"), ("accepted_by", "users"))
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_invitations_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_invitations_tenant_id_id")),
        info={"tenant_owned": True},
    )
    for name, columns in (
        ("newest", ["tenant_id", "created_at", "id"]),
        ("address", ["tenant_id", "email_key"]),
        ("customer_id", ["tenant_id", "customer_id"]),
        ("invited_by", ["tenant_id", "invited_by"]),
        ("accepted_by", ["tenant_id", "accepted_by"]),
    ):
        op.create_index(f"ix_invitations_{name}", "invitations", columns)
    for name, columns, whose in (
        ("staff", ["tenant_id", "email_key"], "customer_id IS NULL"),
        ("customer", ["tenant_id", "customer_id", "email_key"], "customer_id IS NOT NULL"),
    ):
        only = sa.text(f"{OPEN} AND {whose}")
        op.create_index(
            f"ix_invitations_open_{name}", "invitations", columns, unique=True, sqlite_where=only, postgresql_where=only
        )


def downgrade() -> None:
    op.drop_table("invitations")
    op.drop_index("ix_users_staff_newest", table_name="users")
    op.drop_column("users", "removed_at")
