"""Payments, what providers told us of them, and what an invoice has been paid so far."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ACCOUNTS = "account IN ('receivable', 'revenue', 'discounts', 'tax', 'cash', 'credit', 'refunds')"
ACCOUNTS_BEFORE = "account IN ('receivable', 'revenue', 'discounts', 'tax')"
PAID = "paid_minor BETWEEN 0 AND total_minor"
SETTLED = (
    "CASE status WHEN 'draft' THEN paid_minor = 0 WHEN 'void' THEN paid_minor = 0 "
    "WHEN 'issued' THEN paid_minor < total_minor OR total_minor = 0 ELSE paid_minor = total_minor END"
)
COLLECTED = "payments IN ('', 'collected')"

KEEP_INVOICES = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS invoices_keep",
        "CREATE TRIGGER invoices_keep BEFORE UPDATE ON invoices WHEN OLD.status <> 'draft' AND (NEW.id IS NOT OLD.id OR NEW.tenant_id IS NOT OLD.tenant_id OR NEW.created_at IS NOT OLD.created_at OR NEW.customer_id IS NOT OLD.customer_id OR NEW.series IS NOT OLD.series OR NEW.sequence IS NOT OLD.sequence OR NEW.number IS NOT OLD.number OR NEW.currency IS NOT OLD.currency OR NEW.subtotal_minor IS NOT OLD.subtotal_minor OR NEW.discount_minor IS NOT OLD.discount_minor OR NEW.discount_reason IS NOT OLD.discount_reason OR NEW.tax_minor IS NOT OLD.tax_minor OR NEW.total_minor IS NOT OLD.total_minor OR NEW.taxes IS NOT OLD.taxes OR NEW.billed_to IS NOT OLD.billed_to OR NEW.seller IS NOT OLD.seller OR NEW.issued_at IS NOT OLD.issued_at OR NEW.due_at IS NOT OLD.due_at OR (OLD.paid_at IS NOT NULL AND NEW.paid_at IS NOT OLD.paid_at) OR (OLD.voided_at IS NOT NULL AND NEW.voided_at IS NOT OLD.voided_at) OR (OLD.refunded_at IS NOT NULL AND NEW.refunded_at IS NOT OLD.refunded_at) OR NEW.paid_minor < OLD.paid_minor OR (OLD.status <> 'issued' AND NEW.paid_minor <> OLD.paid_minor) OR NOT (NEW.status = OLD.status OR (OLD.status = 'issued' AND NEW.status = 'paid') OR (OLD.status = 'issued' AND NEW.status = 'void') OR (OLD.status = 'paid' AND NEW.status = 'refunded'))) BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes: correct it with a credit note'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION keep_invoice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.status <> 'draft' AND (TG_OP = 'DELETE' OR NEW.id IS DISTINCT FROM OLD.id OR NEW.tenant_id IS DISTINCT FROM OLD.tenant_id OR NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.series IS DISTINCT FROM OLD.series OR NEW.sequence IS DISTINCT FROM OLD.sequence OR NEW.number IS DISTINCT FROM OLD.number OR NEW.currency IS DISTINCT FROM OLD.currency OR NEW.subtotal_minor IS DISTINCT FROM OLD.subtotal_minor OR NEW.discount_minor IS DISTINCT FROM OLD.discount_minor OR NEW.discount_reason IS DISTINCT FROM OLD.discount_reason OR NEW.tax_minor IS DISTINCT FROM OLD.tax_minor OR NEW.total_minor IS DISTINCT FROM OLD.total_minor OR NEW.taxes IS DISTINCT FROM OLD.taxes OR NEW.billed_to IS DISTINCT FROM OLD.billed_to OR NEW.seller IS DISTINCT FROM OLD.seller OR NEW.issued_at IS DISTINCT FROM OLD.issued_at OR NEW.due_at IS DISTINCT FROM OLD.due_at OR (OLD.paid_at IS NOT NULL AND NEW.paid_at IS DISTINCT FROM OLD.paid_at) OR (OLD.voided_at IS NOT NULL AND NEW.voided_at IS DISTINCT FROM OLD.voided_at) OR (OLD.refunded_at IS NOT NULL AND NEW.refunded_at IS DISTINCT FROM OLD.refunded_at) OR NEW.paid_minor < OLD.paid_minor OR (OLD.status <> 'issued' AND NEW.paid_minor <> OLD.paid_minor) OR NOT (NEW.status = OLD.status OR (OLD.status = 'issued' AND NEW.status = 'paid') OR (OLD.status = 'issued' AND NEW.status = 'void') OR (OLD.status = 'paid' AND NEW.status = 'refunded'))) THEN RAISE EXCEPTION 'an issued invoice never changes: correct it with a credit note' USING ERRCODE = 'restrict_violation'; END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
    ),
}
"""What keeps an issued invoice from change, now that something of it may grow."""

KEEP_INVOICES_BEFORE = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS invoices_keep",
        "CREATE TRIGGER invoices_keep BEFORE UPDATE ON invoices WHEN OLD.status <> 'draft' AND (NEW.id IS NOT OLD.id OR NEW.tenant_id IS NOT OLD.tenant_id OR NEW.created_at IS NOT OLD.created_at OR NEW.customer_id IS NOT OLD.customer_id OR NEW.series IS NOT OLD.series OR NEW.sequence IS NOT OLD.sequence OR NEW.number IS NOT OLD.number OR NEW.currency IS NOT OLD.currency OR NEW.subtotal_minor IS NOT OLD.subtotal_minor OR NEW.discount_minor IS NOT OLD.discount_minor OR NEW.discount_reason IS NOT OLD.discount_reason OR NEW.tax_minor IS NOT OLD.tax_minor OR NEW.total_minor IS NOT OLD.total_minor OR NEW.taxes IS NOT OLD.taxes OR NEW.billed_to IS NOT OLD.billed_to OR NEW.seller IS NOT OLD.seller OR NEW.issued_at IS NOT OLD.issued_at OR NEW.due_at IS NOT OLD.due_at OR (OLD.paid_at IS NOT NULL AND NEW.paid_at IS NOT OLD.paid_at) OR (OLD.voided_at IS NOT NULL AND NEW.voided_at IS NOT OLD.voided_at) OR (OLD.refunded_at IS NOT NULL AND NEW.refunded_at IS NOT OLD.refunded_at) OR NOT (NEW.status = OLD.status OR (OLD.status = 'issued' AND NEW.status = 'paid') OR (OLD.status = 'issued' AND NEW.status = 'void') OR (OLD.status = 'paid' AND NEW.status = 'refunded'))) BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes: correct it with a credit note'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION keep_invoice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.status <> 'draft' AND (TG_OP = 'DELETE' OR NEW.id IS DISTINCT FROM OLD.id OR NEW.tenant_id IS DISTINCT FROM OLD.tenant_id OR NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.series IS DISTINCT FROM OLD.series OR NEW.sequence IS DISTINCT FROM OLD.sequence OR NEW.number IS DISTINCT FROM OLD.number OR NEW.currency IS DISTINCT FROM OLD.currency OR NEW.subtotal_minor IS DISTINCT FROM OLD.subtotal_minor OR NEW.discount_minor IS DISTINCT FROM OLD.discount_minor OR NEW.discount_reason IS DISTINCT FROM OLD.discount_reason OR NEW.tax_minor IS DISTINCT FROM OLD.tax_minor OR NEW.total_minor IS DISTINCT FROM OLD.total_minor OR NEW.taxes IS DISTINCT FROM OLD.taxes OR NEW.billed_to IS DISTINCT FROM OLD.billed_to OR NEW.seller IS DISTINCT FROM OLD.seller OR NEW.issued_at IS DISTINCT FROM OLD.issued_at OR NEW.due_at IS DISTINCT FROM OLD.due_at OR (OLD.paid_at IS NOT NULL AND NEW.paid_at IS DISTINCT FROM OLD.paid_at) OR (OLD.voided_at IS NOT NULL AND NEW.voided_at IS DISTINCT FROM OLD.voided_at) OR (OLD.refunded_at IS NOT NULL AND NEW.refunded_at IS DISTINCT FROM OLD.refunded_at) OR NOT (NEW.status = OLD.status OR (OLD.status = 'issued' AND NEW.status = 'paid') OR (OLD.status = 'issued' AND NEW.status = 'void') OR (OLD.status = 'paid' AND NEW.status = 'refunded'))) THEN RAISE EXCEPTION 'an issued invoice never changes: correct it with a credit note' USING ERRCODE = 'restrict_violation'; END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
    ),
}
"""The same as revision 0001 made it."""

KEEP_POSTINGS = (
    "DROP TRIGGER IF EXISTS ledger_postings_update",
    "CREATE TRIGGER ledger_postings_update BEFORE UPDATE ON ledger_postings WHEN 1 BEGIN SELECT RAISE(ABORT, 'the ledger is only ever added to'); END",
    "DROP TRIGGER IF EXISTS ledger_postings_delete",
    "CREATE TRIGGER ledger_postings_delete BEFORE DELETE ON ledger_postings WHEN 1 BEGIN SELECT RAISE(ABORT, 'the ledger is only ever added to'); END",
)
"""SQLite's triggers on the ledger, lost where its table is made anew."""

KEEP_PAYMENTS = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS payments_add",
        "CREATE TRIGGER payments_add BEFORE INSERT ON payments WHEN NEW.status <> 'failed' AND NOT EXISTS (SELECT 1 FROM invoices WHERE id = NEW.invoice_id AND tenant_id = NEW.tenant_id AND customer_id = NEW.customer_id AND currency = NEW.currency AND status IN ('issued', 'paid', 'refunded')) BEGIN SELECT RAISE(ABORT, 'a draft or void invoice takes no money'); END",
        "DROP TRIGGER IF EXISTS payments_keep",
        "CREATE TRIGGER payments_keep BEFORE UPDATE ON payments WHEN NEW.id IS NOT OLD.id OR NEW.tenant_id IS NOT OLD.tenant_id OR NEW.created_at IS NOT OLD.created_at OR NEW.customer_id IS NOT OLD.customer_id OR NEW.invoice_id IS NOT OLD.invoice_id OR NEW.gateway IS NOT OLD.gateway OR NEW.reference IS NOT OLD.reference OR NEW.amount_minor IS NOT OLD.amount_minor OR NEW.currency IS NOT OLD.currency OR NEW.reason IS NOT OLD.reason OR NEW.note IS NOT OLD.note OR NEW.received_at IS NOT OLD.received_at OR NEW.recorded_by IS NOT OLD.recorded_by OR NEW.recorded_by_key IS NOT OLD.recorded_by_key OR (OLD.disputed_at IS NOT NULL AND NEW.disputed_at IS NOT OLD.disputed_at) OR (OLD.credited_minor <> 0 AND NEW.credited_minor <> OLD.credited_minor) OR NEW.refunded_minor < OLD.refunded_minor OR NOT (NEW.status = OLD.status OR (OLD.status = 'succeeded' AND NEW.status = 'refunded') OR (OLD.status = 'succeeded' AND NEW.status = 'disputed') OR (OLD.status = 'disputed' AND NEW.status = 'refunded')) BEGIN SELECT RAISE(ABORT, 'a payment never changes: money that goes back is a refund'); END",
        "DROP TRIGGER IF EXISTS payments_stay",
        "CREATE TRIGGER payments_stay BEFORE DELETE ON payments WHEN 1 BEGIN SELECT RAISE(ABORT, 'a payment never changes: money that goes back is a refund'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION keep_payment() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'INSERT' THEN IF NEW.status <> 'failed' AND NOT EXISTS (SELECT 1 FROM invoices WHERE id = NEW.invoice_id AND tenant_id = NEW.tenant_id AND customer_id = NEW.customer_id AND currency = NEW.currency AND status IN ('issued', 'paid', 'refunded')) THEN RAISE EXCEPTION 'a draft or void invoice takes no money' USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END IF; IF TG_OP <> 'UPDATE' THEN RAISE EXCEPTION 'a payment never changes: money that goes back is a refund' USING ERRCODE = 'restrict_violation'; END IF; IF NEW.id IS DISTINCT FROM OLD.id OR NEW.tenant_id IS DISTINCT FROM OLD.tenant_id OR NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.invoice_id IS DISTINCT FROM OLD.invoice_id OR NEW.gateway IS DISTINCT FROM OLD.gateway OR NEW.reference IS DISTINCT FROM OLD.reference OR NEW.amount_minor IS DISTINCT FROM OLD.amount_minor OR NEW.currency IS DISTINCT FROM OLD.currency OR NEW.reason IS DISTINCT FROM OLD.reason OR NEW.note IS DISTINCT FROM OLD.note OR NEW.received_at IS DISTINCT FROM OLD.received_at OR NEW.recorded_by IS DISTINCT FROM OLD.recorded_by OR NEW.recorded_by_key IS DISTINCT FROM OLD.recorded_by_key OR (OLD.disputed_at IS NOT NULL AND NEW.disputed_at IS DISTINCT FROM OLD.disputed_at) OR (OLD.credited_minor <> 0 AND NEW.credited_minor <> OLD.credited_minor) OR NEW.refunded_minor < OLD.refunded_minor OR NOT (NEW.status = OLD.status OR (OLD.status = 'succeeded' AND NEW.status = 'refunded') OR (OLD.status = 'succeeded' AND NEW.status = 'disputed') OR (OLD.status = 'disputed' AND NEW.status = 'refunded')) THEN RAISE EXCEPTION 'a payment never changes: money that goes back is a refund' USING ERRCODE = 'restrict_violation'; END IF; RETURN NEW; END $$",
        "CREATE OR REPLACE TRIGGER payments_keep BEFORE INSERT OR UPDATE OR DELETE ON payments FOR EACH ROW EXECUTE FUNCTION keep_payment()",
        "CREATE OR REPLACE TRIGGER payments_stay BEFORE TRUNCATE ON payments FOR EACH STATEMENT EXECUTE FUNCTION keep_payment()",
    ),
}
"""What keeps a payment from change."""


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        execute(("DROP TRIGGER invoices_keep",))
        op.execute(
            "ALTER TABLE invoices ADD COLUMN paid_minor INTEGER NOT NULL DEFAULT 0 "
            f"CONSTRAINT ck_invoices_paid_minor CHECK ({PAID}) CONSTRAINT ck_invoices_settled CHECK ({SETTLED})"
        )
        op.execute(
            "ALTER TABLE api_keys ADD COLUMN payments VARCHAR(16) NOT NULL DEFAULT '' "
            f"CONSTRAINT ck_api_keys_payments CHECK ({COLLECTED})"
        )
    else:
        op.execute("ALTER TABLE invoices ADD COLUMN paid_minor BIGINT NOT NULL DEFAULT 0")
        op.execute("ALTER TABLE api_keys ADD COLUMN payments VARCHAR(16) NOT NULL DEFAULT ''")
        op.create_check_constraint(op.f("ck_invoices_paid_minor"), "invoices", PAID)
        op.create_check_constraint(op.f("ck_invoices_settled"), "invoices", SETTLED)
        op.create_check_constraint(op.f("ck_api_keys_payments"), "api_keys", COLLECTED)
    op.create_index("ix_invoices_amount", "invoices", ["tenant_id", "total_minor", "id"])
    op.drop_index("ix_invoices_open", "invoices")
    make_open_index("paid_minor")
    op.create_index("ix_invoices_status_amount", "invoices", ["tenant_id", "status", "total_minor", "id"])
    op.create_index("ix_invoices_currency", "invoices", ["tenant_id", "currency", "created_at", "id"])
    op.create_index("ix_invoices_status", "invoices", ["tenant_id", "status", "created_at", "id"])
    op.add_column("ledger_entries", sa.Column("memo", sa.Text(), nullable=False, server_default=""))
    op.add_column("ledger_entries", sa.Column("source_id", app.kernel.columns.Id(length=16), nullable=True))
    allow(ACCOUNTS)
    make_payments()
    make_callbacks()
    execute(KEEP_INVOICES[dialect])
    execute(KEEP_PAYMENTS[dialect])
    if dialect == "postgresql":
        for table in ("payments", "payment_callbacks"):
            execute(row_security(table))


def make_open_index(*more: str) -> None:
    """Of what is open: read without the table."""
    is_open = sa.text("status = 'issued'")
    columns = ["tenant_id", "currency", "due_at", "total_minor", *more]
    op.create_index("ix_invoices_open", "invoices", columns, sqlite_where=is_open, postgresql_where=is_open)


def allow(accounts: str) -> None:
    """Let the ledger have these accounts and no others."""
    if op.get_bind().dialect.name == "sqlite":
        for statement in KEEP_POSTINGS[::2]:
            op.execute(statement)
    with op.batch_alter_table("ledger_postings") as batch:
        batch.drop_constraint(op.f("ck_ledger_postings_account"), type_="check")
        batch.create_check_constraint(op.f("ck_ledger_postings_account"), accounts)
    if op.get_bind().dialect.name == "sqlite":
        execute(KEEP_POSTINGS)


def execute(statements: tuple[str, ...]) -> None:
    """Run data definition statements as they stand."""
    for statement in statements:
        op.execute(sa.DDL(statement.replace("%", "%%")))


def row_security(table: str) -> tuple[str, ...]:
    """What keeps one tenant's rows of `table` from another's sight."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_only ON {table} USING (tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) OR (SELECT current_setting('mpanel.across', true)) = 'on')",
    )


def make_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("customer_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("invoice_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("reference", app.kernel.columns.Code(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("received_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("recorded_by_key", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("credited_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("refunded_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("disputed_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'refunded') = (refunded_minor = amount_minor)", name=op.f("ck_payments_whole_refund")
        ),
        sa.CheckConstraint(
            "gateway IN ('bank', 'sandbox', 'external', 'stripe', 'credit', 'callback')",
            name=op.f("ck_payments_gateway"),
        ),
        sa.CheckConstraint("status <> 'disputed' OR disputed_at IS NOT NULL", name=op.f("ck_payments_disputed")),
        sa.CheckConstraint(
            "status <> 'failed' OR (credited_minor = 0 AND refunded_minor = 0)", name=op.f("ck_payments_failed")
        ),
        sa.CheckConstraint(
            "status IN ('succeeded', 'failed', 'refunded', 'disputed')", name=op.f("ck_payments_status")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payments_amount")),
        sa.CheckConstraint("credited_minor BETWEEN 0 AND amount_minor", name=op.f("ck_payments_credited")),
        sa.CheckConstraint("refunded_minor BETWEEN 0 AND amount_minor", name=op.f("ck_payments_refunded")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_payments_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_payments_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_payments_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_payments_tenant_id_id")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("payments", schema=None) as batch_op:
        batch_op.create_index("ix_payments_amount", ["tenant_id", "amount_minor", "id"], unique=False)
        batch_op.create_index(
            "ix_payments_customer_newest", ["tenant_id", "customer_id", "created_at", "id"], unique=False
        )
        batch_op.create_index("ix_payments_gateway", ["tenant_id", "gateway", "created_at", "id"], unique=False)
        batch_op.create_index("ix_payments_invoice_id", ["tenant_id", "invoice_id"], unique=False)
        batch_op.create_index("ix_payments_newest", ["tenant_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_payments_received", ["tenant_id", "received_at", "id"], unique=False)
        batch_op.create_index("ix_payments_reference", ["tenant_id", "reference"], unique=False)
        batch_op.create_index(
            "ix_payments_status_amount", ["tenant_id", "status", "amount_minor", "id"], unique=False
        )
        batch_op.create_index("ix_payments_status", ["tenant_id", "status", "created_at", "id"], unique=False)
        batch_op.create_index(
            "uq_payments_failed",
            ["tenant_id", "gateway", "reference"],
            unique=True,
            sqlite_where=sa.text("status = 'failed'"),
            postgresql_where=sa.text("status = 'failed'"),
        )
        batch_op.create_index(
            "uq_payments_reference",
            ["tenant_id", "gateway", "reference"],
            unique=True,
            sqlite_where=sa.text("status <> 'failed'"),
            postgresql_where=sa.text("status <> 'failed'"),
        )


def make_callbacks() -> None:
    op.create_table(
        "payment_callbacks",
        sa.Column("provider", sa.String(length=16), nullable=False),
        sa.Column("event_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("invoice", sa.String(length=200), nullable=False),
        sa.Column("amount", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=10), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("occurred_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("payment_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("processed_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_by", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('stored', 'done', 'waiting', 'flagged', 'settled')", name=op.f("ck_payment_callbacks_state")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "payment_id"],
            ["payments.tenant_id", "payments.id"],
            name=op.f("fk_payment_callbacks_tenant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_payment_callbacks_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_callbacks")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_payment_callbacks_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "provider", "event_id", name=op.f("uq_payment_callbacks_tenant_id_provider_event_id")
        ),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("payment_callbacks", schema=None) as batch_op:
        batch_op.create_index("ix_payment_callbacks_newest", ["tenant_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_payment_callbacks_payment_id", ["tenant_id", "payment_id"], unique=False)
        batch_op.create_index("ix_payment_callbacks_reference", ["tenant_id", "reference", "state"], unique=False)
        batch_op.create_index("ix_payment_callbacks_state", ["tenant_id", "state", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_payment_callbacks_unfinished",
            ["created_at"],
            unique=False,
            sqlite_where=sa.text("state = 'stored'"),
            postgresql_where=sa.text("state = 'stored'"),
        )


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.drop_table("payment_callbacks")
    op.drop_table("payments")
    if dialect == "postgresql":
        op.execute("DROP FUNCTION keep_payment()")
    else:
        execute(("DROP TRIGGER invoices_keep",))
    allow(ACCOUNTS_BEFORE)
    op.drop_column("ledger_entries", "source_id")
    op.drop_column("ledger_entries", "memo")
    op.drop_index("ix_invoices_status", "invoices")
    op.drop_index("ix_invoices_currency", "invoices")
    op.drop_index("ix_invoices_status_amount", "invoices")
    op.drop_index("ix_invoices_open", "invoices")
    make_open_index()
    op.drop_index("ix_invoices_amount", "invoices")
    if dialect == "postgresql":
        execute(KEEP_INVOICES_BEFORE[dialect])
    op.drop_column("api_keys", "payments")
    op.drop_column("invoices", "paid_minor")
    if dialect == "sqlite":
        execute(KEEP_INVOICES_BEFORE[dialect])
