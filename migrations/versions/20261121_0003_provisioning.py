"""Provisioning: jobs, their steps, the access to what was set up, and how subscriptions stand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import app.kernel.columns

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("provisioning_jobs", "provisioning_steps", "service_accesses")
"""Tables whose rows belong to a tenant."""

CHECKS = (
    "CONSTRAINT ck_subscriptions_suspended CHECK (status <> 'suspended' OR suspended_at IS NOT NULL)",
    "CONSTRAINT ck_subscriptions_ended CHECK ((status IN ('cancelled', 'terminated')) = (ended_at IS NOT NULL))",
)
"""What a subscription must be.

Written beside a new column, SQLite takes them without building the table anew, which would lose its other checks.
"""


def upgrade() -> None:
    for column in (
        sa.Column("driver", sa.Text(), nullable=False, server_default="manual"),
        sa.Column("driver_settings", JSON, nullable=False, server_default="{}"),
    ):
        op.add_column("products", column)
    change_subscriptions()
    change_orders()
    make_jobs()
    make_steps()
    make_accesses()
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            for statement in row_security(table):
                op.execute(statement)


def change_subscriptions() -> None:
    """How it stands, why, and since when there is something to use."""
    for column in (
        sa.Column("set_up_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("external_ref", app.kernel.columns.Code(), nullable=False, server_default=""),
        sa.Column("suspension_reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("revision", INTEGER, nullable=False, server_default="0"),
        sa.Column("suspended_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
    ):
        op.add_column("subscriptions", column)
    across_tenants()
    op.execute("UPDATE subscriptions SET suspended_at = created_at WHERE status = 'suspended'")
    op.execute(f"ALTER TABLE subscriptions ADD COLUMN ending_reason TEXT NOT NULL DEFAULT '' {' '.join(CHECKS)}")
    op.create_index("ix_subscriptions_status", "subscriptions", ["tenant_id", "status", "created_at", "id"])
    op.drop_index("ix_subscriptions_product_id", "subscriptions")
    op.create_index("ix_subscriptions_product", "subscriptions", ["tenant_id", "product_id", "created_at", "id"])
    op.create_index("ix_subscriptions_external_ref", "subscriptions", ["tenant_id", "external_ref"])
    setting_up = sa.text("status = 'active' AND set_up_at IS NULL")
    op.create_index(
        "ix_subscriptions_setting_up",
        "subscriptions",
        ["tenant_id", "created_at", "id"],
        sqlite_where=setting_up,
        postgresql_where=setting_up,
    )
    is_ending = sa.text("ends_at IS NOT NULL AND ended_at IS NULL")
    op.create_index(
        "ix_subscriptions_ending",
        "subscriptions",
        ["tenant_id", "ends_at"],
        sqlite_where=is_ending,
        postgresql_where=is_ending,
    )


def across_tenants() -> None:
    """Let what follows see every tenant's rows."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT set_config('mpanel.across', 'on', true)")


def change_orders() -> None:
    """The number of its invoice stands with the order: it is searched by it."""
    op.add_column("orders", sa.Column("number", app.kernel.columns.Code(), nullable=False, server_default=""))
    across_tenants()
    op.execute(
        "UPDATE orders SET number = coalesce((SELECT invoices.number FROM invoices "
        "WHERE invoices.tenant_id = orders.tenant_id AND invoices.id = orders.invoice_id), '')"
    )
    op.create_index("ix_orders_number", "orders", ["tenant_id", "number"])
    op.create_index("ix_orders_amount", "orders", ["tenant_id", "total_minor", "id"])


def own(table: str) -> tuple[sa.Column[object] | sa.Constraint, ...]:
    """What every table of a tenant has."""
    return (
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f(f"fk_{table}_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f(f"uq_{table}_tenant_id_id")),
    )


def foreign(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    """A key to a row of the same tenant."""
    return sa.ForeignKeyConstraint(
        ["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"], name=op.f(f"fk_{table}_tenant_id_{column}")
    )


def moment(name: str, *, nullable: bool = True) -> "sa.Column[object]":
    """A column that holds a moment."""
    return sa.Column(name, app.kernel.columns.UtcDateTime(timezone=True), nullable=nullable)


def text(name: str) -> "sa.Column[object]":
    """A column that holds words."""
    return sa.Column(name, sa.Text(), nullable=False)


def reference(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    """A column that holds an id."""
    return sa.Column(name, app.kernel.columns.Id(length=16), nullable=nullable)


def make_jobs() -> None:
    """Changes of services that have to be made."""
    table = "provisioning_jobs"
    op.create_table(
        table,
        *(reference("subscription_id"), reference("customer_id"), text("kind")),
        sa.Column("ordinal", INTEGER, nullable=False),
        *(text("driver"), text("plan"), text("reason"), text("previous_plan"), text("dedupe_key")),
        *(text("instructions"), reference("assigned_to", nullable=True), moment("assigned_at")),
        *(moment("moved_at", nullable=False), moment("done_at"), moment("cancelled_at"), text("cancel_reason")),
        *(moment("failed_at"), moment("alarmed_at")),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", INTEGER, nullable=False),
        *(moment("next_at", nullable=False), moment("lease_until"), reference("lease_token", nullable=True)),
        sa.Column("last_error", sa.Text(), nullable=True),
        *own(table),
        sa.CheckConstraint(
            "kind IN ('subscription.activate', 'subscription.suspend', 'subscription.resume', "
            "'subscription.upgrade', 'subscription.terminate')",
            name=op.f("ck_provisioning_jobs_kind"),
        ),
        sa.CheckConstraint("cancelled_at IS NULL OR state = 'done'", name=op.f("ck_provisioning_jobs_cancelled")),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name=op.f("ck_provisioning_jobs_done")),
        sa.CheckConstraint("(assigned_to IS NULL) = (assigned_at IS NULL)", name=op.f("ck_provisioning_jobs_assigned")),
        sa.CheckConstraint(
            "state IN ('waiting', 'leased', 'done', 'dead', 'kept')", name=op.f("ck_provisioning_jobs_state")
        ),
        foreign(table, "subscription_id", "subscriptions"),
        foreign(table, "customer_id", "customers"),
        foreign(table, "assigned_to", "users"),
        sa.UniqueConstraint("tenant_id", "dedupe_key", name=op.f("uq_provisioning_jobs_tenant_id_dedupe_key")),
    )
    for name, columns in (
        ("newest", ["created_at", "id"]),
        ("state", ["state", "created_at", "id"]),
        ("order", ["subscription_id", "ordinal"]),
        ("customer", ["customer_id", "created_at", "id"]),
        ("assigned_to", ["assigned_to"]),
    ):
        op.create_index(f"ix_{table}_{name}", table, ["tenant_id", *columns])
    for name, columns, where in (
        ("due", ["next_at"], sa.text("state IN ('waiting', 'leased')")),
        ("open", ["tenant_id", "moved_at"], sa.text("state <> 'done'")),
    ):
        op.create_index(f"ix_{table}_{name}", table, columns, sqlite_where=where, postgresql_where=where)


def make_steps() -> None:
    """The named steps of each."""
    table = "provisioning_steps"
    op.create_table(
        table,
        reference("job_id"),
        sa.Column("position", INTEGER, nullable=False),
        *(text("name"), text("state")),
        sa.Column("tries", INTEGER, nullable=False),
        *(moment("started_at"), moment("finished_at"), text("outcome")),
        *own(table),
        sa.CheckConstraint("state IN ('next', 'now', 'done', 'failed')", name=op.f("ck_provisioning_steps_state")),
        sa.CheckConstraint(
            "state NOT IN ('done', 'failed') OR finished_at IS NOT NULL", name=op.f("ck_provisioning_steps_finished")
        ),
        foreign(table, "job_id", "provisioning_jobs"),
        sa.UniqueConstraint("tenant_id", "job_id", "name", name=op.f("uq_provisioning_steps_tenant_id_job_id_name")),
        sa.UniqueConstraint(
            "tenant_id", "job_id", "position", name=op.f("uq_provisioning_steps_tenant_id_job_id_position")
        ),
    )


def make_accesses() -> None:
    """How customers get in, sealed."""
    table = "service_accesses"
    op.create_table(
        table,
        reference("subscription_id"),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        *(moment("set_at", nullable=False), reference("set_by", nullable=True)),
        *own(table),
        foreign(table, "subscription_id", "subscriptions"),
        foreign(table, "set_by", "users"),
        sa.UniqueConstraint("tenant_id", "subscription_id", name=op.f("uq_service_accesses_tenant_id_subscription_id")),
    )
    op.create_index("ix_service_accesses_set_by", table, ["tenant_id", "set_by"])


def row_security(table: str) -> tuple[str, ...]:
    """What keeps one tenant's rows of `table` from another's sight."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_only ON {table} USING "
        "(tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) "
        "OR (SELECT current_setting('mpanel.across', true)) = 'on')",
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_orders_amount", "orders")
    op.drop_index("ix_orders_number", "orders")
    op.execute("ALTER TABLE orders DROP COLUMN number")
    for name in ("ending", "setting_up", "external_ref", "product", "status"):
        op.drop_index(f"ix_subscriptions_{name}", "subscriptions")
    op.create_index("ix_subscriptions_product_id", "subscriptions", ["tenant_id", "product_id"])
    if op.get_bind().dialect.name == "postgresql":  # on SQLite they go with their column
        for check in ("suspended", "ended"):
            op.execute(f"ALTER TABLE subscriptions DROP CONSTRAINT ck_subscriptions_{check}")
    for name in ("ending_reason", "suspended_at", "revision", "suspension_reason", "external_ref", "set_up_at"):
        op.execute(f"ALTER TABLE subscriptions DROP COLUMN {name}")
    for name in ("driver_settings", "driver"):
        op.execute(f"ALTER TABLE products DROP COLUMN {name}")
