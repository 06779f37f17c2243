"""The first house."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

import app.kernel.columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


TENANT_TABLES = (
    "api_activity_logs",
    "api_keys",
    "audit_logs",
    "branding_configurations",
    "customers",
    "email_queue",
    "idempotency_keys",
    "invoice_lines",
    "invoices",
    "ledger_entries",
    "ledger_postings",
    "number_series",
    "order_lines",
    "orders",
    "password_requests",
    "password_reset_tokens",
    "person_keys",
    "prices",
    "products",
    "promo_code_usage",
    "promo_codes",
    "subscriptions",
    "user_sessions",
    "users",
)
"""Tables whose rows belong to a tenant."""

SQLITE = (
    "CREATE TRIGGER IF NOT EXISTS audit_logs_no_update BEFORE UPDATE ON audit_logs BEGIN SELECT RAISE(ABORT, 'audit_logs is never changed'); END",
    "CREATE TRIGGER IF NOT EXISTS audit_logs_no_delete BEFORE DELETE ON audit_logs BEGIN SELECT RAISE(ABORT, 'audit_logs is never changed'); END",
    "DROP TRIGGER IF EXISTS invoices_keep",
    "CREATE TRIGGER invoices_keep BEFORE UPDATE ON invoices WHEN OLD.status <> 'draft' AND (NEW.id IS NOT OLD.id OR NEW.tenant_id IS NOT OLD.tenant_id OR NEW.created_at IS NOT OLD.created_at OR NEW.customer_id IS NOT OLD.customer_id OR NEW.series IS NOT OLD.series OR NEW.sequence IS NOT OLD.sequence OR NEW.number IS NOT OLD.number OR NEW.currency IS NOT OLD.currency OR NEW.subtotal_minor IS NOT OLD.subtotal_minor OR NEW.discount_minor IS NOT OLD.discount_minor OR NEW.discount_reason IS NOT OLD.discount_reason OR NEW.tax_minor IS NOT OLD.tax_minor OR NEW.total_minor IS NOT OLD.total_minor OR NEW.taxes IS NOT OLD.taxes OR NEW.billed_to IS NOT OLD.billed_to OR NEW.seller IS NOT OLD.seller OR NEW.issued_at IS NOT OLD.issued_at OR NEW.due_at IS NOT OLD.due_at OR (OLD.paid_at IS NOT NULL AND NEW.paid_at IS NOT OLD.paid_at) OR (OLD.voided_at IS NOT NULL AND NEW.voided_at IS NOT OLD.voided_at) OR (OLD.refunded_at IS NOT NULL AND NEW.refunded_at IS NOT OLD.refunded_at) OR NOT (NEW.status = OLD.status OR (OLD.status = 'issued' AND NEW.status = 'paid') OR (OLD.status = 'issued' AND NEW.status = 'void') OR (OLD.status = 'paid' AND NEW.status = 'refunded'))) BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes: correct it with a credit note'); END",
    "DROP TRIGGER IF EXISTS invoices_stay",
    "CREATE TRIGGER invoices_stay BEFORE DELETE ON invoices WHEN OLD.status <> 'draft' BEGIN SELECT RAISE(ABORT, 'an issued invoice never changes: correct it with a credit note'); END",
    "DROP TRIGGER IF EXISTS invoice_lines_add",
    "CREATE TRIGGER invoice_lines_add BEFORE INSERT ON invoice_lines WHEN (SELECT status FROM invoices WHERE id = NEW.invoice_id AND tenant_id = NEW.tenant_id) IS NOT 'draft' BEGIN SELECT RAISE(ABORT, 'lines belong to drafts: an issued invoice never changes'); END",
    "DROP TRIGGER IF EXISTS invoice_lines_keep",
    "CREATE TRIGGER invoice_lines_keep BEFORE UPDATE ON invoice_lines WHEN (SELECT status FROM invoices WHERE id = OLD.invoice_id AND tenant_id = OLD.tenant_id) IS NOT 'draft' OR (SELECT status FROM invoices WHERE id = NEW.invoice_id AND tenant_id = NEW.tenant_id) IS NOT 'draft' BEGIN SELECT RAISE(ABORT, 'lines belong to drafts: an issued invoice never changes'); END",
    "DROP TRIGGER IF EXISTS invoice_lines_stay",
    "CREATE TRIGGER invoice_lines_stay BEFORE DELETE ON invoice_lines WHEN (SELECT status FROM invoices WHERE id = OLD.invoice_id AND tenant_id = OLD.tenant_id) IS NOT 'draft' BEGIN SELECT RAISE(ABORT, 'lines belong to drafts: an issued invoice never changes'); END",
    "DROP TRIGGER IF EXISTS ledger_entries_update",
    "CREATE TRIGGER ledger_entries_update BEFORE UPDATE ON ledger_entries WHEN 1 BEGIN SELECT RAISE(ABORT, 'the ledger is only ever added to'); END",
    "DROP TRIGGER IF EXISTS ledger_entries_delete",
    "CREATE TRIGGER ledger_entries_delete BEFORE DELETE ON ledger_entries WHEN 1 BEGIN SELECT RAISE(ABORT, 'the ledger is only ever added to'); END",
    "DROP TRIGGER IF EXISTS ledger_postings_update",
    "CREATE TRIGGER ledger_postings_update BEFORE UPDATE ON ledger_postings WHEN 1 BEGIN SELECT RAISE(ABORT, 'the ledger is only ever added to'); END",
    "DROP TRIGGER IF EXISTS ledger_postings_delete",
    "CREATE TRIGGER ledger_postings_delete BEFORE DELETE ON ledger_postings WHEN 1 BEGIN SELECT RAISE(ABORT, 'the ledger is only ever added to'); END",
    "DROP VIEW IF EXISTS hosting_plans",
    "CREATE VIEW hosting_plans AS SELECT products.id, products.tenant_id, products.slug, products.name, products.description, products.category, products.features, products.storage_gb, products.bandwidth_gb, products.websites, products.mailboxes, products.featured, products.active, products.stock, prices.amount_minor AS price_minor, prices.currency, 'monthly' AS billing_cycle, products.created_at FROM products LEFT JOIN prices ON prices.tenant_id = products.tenant_id AND prices.product_id = products.id AND prices.cycle = 'monthly' WHERE products.category LIKE '%%-hosting' AND products.archived_at IS NULL",
)
"""Triggers and views on SQLite."""

POSTGRESQL = (
    "ALTER TABLE limit_counters SET UNLOGGED",
    "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit_logs is never changed'; END $$",
    "CREATE OR REPLACE TRIGGER audit_logs_no_change BEFORE UPDATE OR DELETE ON audit_logs FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()",
    "CREATE OR REPLACE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON audit_logs FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()",
    "CREATE OR REPLACE FUNCTION keep_invoice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.status <> 'draft' AND (TG_OP = 'DELETE' OR NEW.id IS DISTINCT FROM OLD.id OR NEW.tenant_id IS DISTINCT FROM OLD.tenant_id OR NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.customer_id IS DISTINCT FROM OLD.customer_id OR NEW.series IS DISTINCT FROM OLD.series OR NEW.sequence IS DISTINCT FROM OLD.sequence OR NEW.number IS DISTINCT FROM OLD.number OR NEW.currency IS DISTINCT FROM OLD.currency OR NEW.subtotal_minor IS DISTINCT FROM OLD.subtotal_minor OR NEW.discount_minor IS DISTINCT FROM OLD.discount_minor OR NEW.discount_reason IS DISTINCT FROM OLD.discount_reason OR NEW.tax_minor IS DISTINCT FROM OLD.tax_minor OR NEW.total_minor IS DISTINCT FROM OLD.total_minor OR NEW.taxes IS DISTINCT FROM OLD.taxes OR NEW.billed_to IS DISTINCT FROM OLD.billed_to OR NEW.seller IS DISTINCT FROM OLD.seller OR NEW.issued_at IS DISTINCT FROM OLD.issued_at OR NEW.due_at IS DISTINCT FROM OLD.due_at OR (OLD.paid_at IS NOT NULL AND NEW.paid_at IS DISTINCT FROM OLD.paid_at) OR (OLD.voided_at IS NOT NULL AND NEW.voided_at IS DISTINCT FROM OLD.voided_at) OR (OLD.refunded_at IS NOT NULL AND NEW.refunded_at IS DISTINCT FROM OLD.refunded_at) OR NOT (NEW.status = OLD.status OR (OLD.status = 'issued' AND NEW.status = 'paid') OR (OLD.status = 'issued' AND NEW.status = 'void') OR (OLD.status = 'paid' AND NEW.status = 'refunded'))) THEN RAISE EXCEPTION 'an issued invoice never changes: correct it with a credit note' USING ERRCODE = 'restrict_violation'; END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
    "CREATE OR REPLACE FUNCTION keep_invoice_line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP <> 'INSERT' THEN IF (SELECT status FROM invoices WHERE id = OLD.invoice_id AND tenant_id = OLD.tenant_id) IS DISTINCT FROM 'draft' THEN RAISE EXCEPTION 'lines belong to drafts: an issued invoice never changes' USING ERRCODE = 'restrict_violation'; END IF; END IF; IF TG_OP <> 'DELETE' THEN IF (SELECT status FROM invoices WHERE id = NEW.invoice_id AND tenant_id = NEW.tenant_id) IS DISTINCT FROM 'draft' THEN RAISE EXCEPTION 'lines belong to drafts: an issued invoice never changes' USING ERRCODE = 'restrict_violation'; END IF; END IF; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
    "CREATE OR REPLACE FUNCTION keep_ledger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the ledger is only ever added to' USING ERRCODE = 'restrict_violation'; IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$",
    "CREATE OR REPLACE TRIGGER invoices_keep BEFORE UPDATE OR DELETE ON invoices FOR EACH ROW EXECUTE FUNCTION keep_invoice()",
    "CREATE OR REPLACE TRIGGER invoice_lines_keep BEFORE INSERT OR UPDATE OR DELETE ON invoice_lines FOR EACH ROW EXECUTE FUNCTION keep_invoice_line()",
    "CREATE OR REPLACE TRIGGER ledger_entries_keep BEFORE UPDATE OR DELETE ON ledger_entries FOR EACH ROW EXECUTE FUNCTION keep_ledger()",
    "CREATE OR REPLACE TRIGGER ledger_postings_keep BEFORE UPDATE OR DELETE ON ledger_postings FOR EACH ROW EXECUTE FUNCTION keep_ledger()",
    "CREATE OR REPLACE TRIGGER ledger_entries_stay BEFORE TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION keep_ledger()",
    "CREATE OR REPLACE TRIGGER ledger_postings_stay BEFORE TRUNCATE ON ledger_postings FOR EACH STATEMENT EXECUTE FUNCTION keep_ledger()",
    "CREATE OR REPLACE VIEW hosting_plans WITH (security_invoker = true) AS SELECT products.id, products.tenant_id, products.slug, products.name, products.description, products.category, products.features, products.storage_gb, products.bandwidth_gb, products.websites, products.mailboxes, products.featured, products.active, products.stock, prices.amount_minor AS price_minor, prices.currency, 'monthly' AS billing_cycle, products.created_at FROM products LEFT JOIN prices ON prices.tenant_id = products.tenant_id AND prices.product_id = products.id AND prices.cycle = 'monthly' WHERE products.category LIKE '%%-hosting' AND products.archived_at IS NULL",
)
"""Functions, triggers and views on PostgreSQL."""

DROP_FIRST = ("DROP VIEW IF EXISTS hosting_plans",)
"""Undone before the tables go, on both stores."""

FUNCTIONS = (
    "refuse_audit_change",
    "keep_invoice",
    "keep_invoice_line",
    "keep_ledger",
)
"""PostgreSQL functions that outlive their tables."""


def statements(dialect: str) -> tuple[str, ...]:
    """What to execute after the tables are made."""
    if dialect == "sqlite":
        return SQLITE
    return (*POSTGRESQL, *(statement for table in TENANT_TABLES for statement in row_security(table)))


def row_security(table: str) -> tuple[str, ...]:
    """What keeps one tenant's rows of `table` from another's sight."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY tenant_only ON {table} USING (tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) OR (SELECT current_setting('mpanel.across', true)) = 'on')",
    )


def upgrade() -> None:
    # ### commands auto generated by Alembic - please adjust! ###
    op.create_table(
        "heartbeats",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("pid", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("seen_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heartbeats")),
    )
    with op.batch_alter_table("heartbeats", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_heartbeats_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "job_runs",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("slot", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lease_until", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("finished_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("missed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_runs")),
        sa.UniqueConstraint("name", "slot", name=op.f("uq_job_runs_name_slot")),
    )
    with op.batch_alter_table("job_runs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_runs_lease_until"), ["lease_until"], unique=False)

    op.create_table(
        "limit_counters",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("hits", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_limit_counters")),
        comment="Counters of rate limits on PostgreSQL; with SQLite they are in limits.db",
    )
    with op.batch_alter_table("limit_counters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_limit_counters_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "scheduled_jobs",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("cron", sa.String(length=64), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("next_run_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_run_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_outcome", sa.String(length=16), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_duration_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("last_missed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scheduled_jobs")),
        sa.UniqueConstraint("name", name=op.f("uq_scheduled_jobs_name")),
    )
    op.create_table(
        "tenants",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_operator", sa.Boolean(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=True),
        sa.Column("domain_verified_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("suspended_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("legal_name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("tax_number", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("number_prefix", sa.Text(), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("domain", name=op.f("uq_tenants_domain")),
        sa.UniqueConstraint("slug", name=op.f("uq_tenants_slug")),
    )
    with op.batch_alter_table("tenants", schema=None) as batch_op:
        batch_op.create_index(
            "uq_tenants_operator",
            ["is_operator"],
            unique=True,
            sqlite_where=sa.text("is_operator = 1"),
            postgresql_where=sa.text("is_operator"),
        )

    op.create_table(
        "api_keys",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("prefix", sa.String(length=20), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("hourly_limit", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expires_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_by", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('marketing', 'api')", name=op.f("ck_api_keys_kind")),
        sa.CheckConstraint("hourly_limit > 0", name=op.f("ck_api_keys_hourly_limit")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_api_keys_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_api_keys_tenant_id_id")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_index("ix_api_keys_page", ["tenant_id", "created_at", "id"], unique=False)

    op.create_table(
        "audit_logs",
        sa.Column("actor_user_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("actor_key_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("resource_type", sa.String(length=60), nullable=False),
        sa.Column("resource_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column(
            "state_before",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(
                    none_as_null=True,
                ),
                "postgresql",
            ),
            nullable=True,
        ),
        sa.Column(
            "state_after",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(
                    none_as_null=True,
                ),
                "postgresql",
            ),
            nullable=True,
        ),
        sa.Column("personal", sa.LargeBinary(), nullable=True),
        sa.Column("personal_key_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("is_gdpr", sa.Boolean(), nullable=False),
        sa.Column("is_pci", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "severity IN ('debug', 'info', 'warning', 'error', 'critical')", name=op.f("ck_audit_logs_severity")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_audit_logs_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_logs")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_audit_logs_tenant_id_id")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("audit_logs", schema=None) as batch_op:
        batch_op.create_index("ix_audit_logs_moment", ["tenant_id", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_audit_logs_resource", ["tenant_id", "resource_type", "resource_id", "created_at"], unique=False
        )

    op.create_table(
        "branding_configurations",
        sa.Column("company_name", sa.Text(), nullable=False),
        sa.Column("tagline", sa.Text(), nullable=False),
        sa.Column("primary", sa.String(length=7), nullable=False),
        sa.Column("secondary", sa.String(length=7), nullable=False),
        sa.Column("accent", sa.String(length=7), nullable=False),
        sa.Column("support_email", sa.Text(), nullable=False),
        sa.Column("support_phone", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("terms_url", sa.Text(), nullable=False),
        sa.Column("privacy_url", sa.Text(), nullable=False),
        sa.Column("changed_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_branding_configurations_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branding_configurations")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_branding_configurations_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", name=op.f("uq_branding_configurations_tenant_id")),
        info={"tenant_owned": True},
    )
    op.create_table(
        "customers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("address_line", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("postal_code", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tax_number", sa.Text(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("marketing_source", sa.Text(), nullable=False),
        sa.Column("utm_campaign", sa.Text(), nullable=False),
        sa.Column("utm_source", sa.Text(), nullable=False),
        sa.Column("utm_medium", sa.Text(), nullable=False),
        sa.Column("utm_content", sa.Text(), nullable=False),
        sa.Column("utm_term", sa.Text(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('active', 'closed')", name=op.f("ck_customers_status")),
        sa.CheckConstraint("credit_minor >= 0", name=op.f("ck_customers_credit")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_customers_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_customers_tenant_id_id")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index("ix_customers_country", ["tenant_id", "country", "created_at", "id"], unique=False)
        batch_op.create_index("ix_customers_newest", ["tenant_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_customers_search", ["tenant_id", "search_key", "id"], unique=False)
        batch_op.create_index(
            "ix_customers_source", ["tenant_id", "marketing_source", "created_at", "id"], unique=False
        )
        batch_op.create_index("ix_customers_status", ["tenant_id", "status", "created_at", "id"], unique=False)

    op.create_table(
        "idempotency_keys",
        sa.Column("owner", sa.String(length=50), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_idempotency_keys_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_idempotency_keys_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "owner", "key", name=op.f("uq_idempotency_keys_tenant_id_owner_key")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_keys_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "number_series",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("last >= 0", name=op.f("ck_number_series_last")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_number_series_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_series")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_number_series_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "kind", name=op.f("uq_number_series_tenant_id_kind")),
        info={"tenant_owned": True},
    )
    op.create_table(
        "password_requests",
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("is_staff", sa.Boolean(), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("next_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lease_until", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_token", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'leased', 'done', 'dead', 'kept')", name=op.f("ck_password_requests_state")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_password_requests_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_requests")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_password_requests_tenant_id_id")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("password_requests", schema=None) as batch_op:
        batch_op.create_index(
            "ix_password_requests_due",
            ["next_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('waiting', 'leased')"),
            postgresql_where=sa.text("state IN ('waiting', 'leased')"),
        )

    op.create_table(
        "person_keys",
        sa.Column("person_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("destroyed_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_person_keys_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_keys")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_person_keys_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "person_id", name=op.f("uq_person_keys_tenant_id_person_id")),
        info={"tenant_owned": True},
    )
    op.create_table(
        "products",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("features", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("storage_gb", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bandwidth_gb", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("websites", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("mailboxes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("featured", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("stock", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("archived_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_products_stock")),
        sa.CheckConstraint(
            "storage_gb >= 0 AND bandwidth_gb >= -1 AND websites >= 0 AND mailboxes >= 0",
            name=op.f("ck_products_limits"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_products_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_products_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "slug", name=op.f("uq_products_tenant_id_slug")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.create_index("ix_products_category", ["tenant_id", "category"], unique=False)

    op.create_table(
        "promo_codes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("code_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("percent_hundredths", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("valid_from", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("valid_to", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("maximum_uses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("maximum_per_customer", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("uses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("invoices", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("product_slugs", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("cycles", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("ended_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'percent' AND percent_hundredths BETWEEN 1 AND 10000 AND amount_minor IS NULL) OR (kind = 'fixed' AND amount_minor > 0 AND currency IS NOT NULL AND percent_hundredths IS NULL)",
            name=op.f("ck_promo_codes_kind"),
        ),
        sa.CheckConstraint("invoices > 0", name=op.f("ck_promo_codes_invoices")),
        sa.CheckConstraint("maximum_per_customer > 0", name=op.f("ck_promo_codes_maximum_per_customer")),
        sa.CheckConstraint("maximum_uses > 0", name=op.f("ck_promo_codes_maximum_uses")),
        sa.CheckConstraint(
            "uses >= 0 AND (maximum_uses IS NULL OR uses <= maximum_uses)", name=op.f("ck_promo_codes_uses")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_promo_codes_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promo_codes")),
        sa.UniqueConstraint("tenant_id", "code_key", name=op.f("uq_promo_codes_tenant_id_code_key")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_promo_codes_tenant_id_id")),
        info={"tenant_owned": True},
    )
    op.create_table(
        "api_activity_logs",
        sa.Column("api_key_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("route", sa.String(length=300), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("user_agent", sa.String(length=512), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "api_key_id"],
            ["api_keys.tenant_id", "api_keys.id"],
            name=op.f("fk_api_activity_logs_tenant_id_api_key_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_api_activity_logs_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_activity_logs")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_api_activity_logs_tenant_id_id")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("api_activity_logs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_api_activity_logs_page", ["tenant_id", "api_key_id", "created_at", "id"], unique=False
        )

    op.create_table(
        "invoices",
        sa.Column("customer_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("discount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("discount_reason", sa.Text(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("total_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("taxes", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("billed_to", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("seller", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("issued_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("due_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("paid_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("voided_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("refunded_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status <> 'paid' OR paid_at IS NOT NULL", name=op.f("ck_invoices_paid")),
        sa.CheckConstraint(
            "status = 'draft' OR (number IS NOT NULL AND sequence IS NOT NULL AND issued_at IS NOT NULL AND due_at IS NOT NULL)",
            name=op.f("ck_invoices_issued"),
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'issued', 'paid', 'void', 'refunded')", name=op.f("ck_invoices_status")
        ),
        sa.CheckConstraint("total_minor = subtotal_minor - discount_minor + tax_minor", name=op.f("ck_invoices_total")),
        sa.CheckConstraint(
            "total_minor >= 0 AND discount_minor BETWEEN 0 AND subtotal_minor", name=op.f("ck_invoices_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_invoices_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_invoices_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_invoices_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_invoices_tenant_id_number")),
        sa.UniqueConstraint("tenant_id", "series", "sequence", name=op.f("uq_invoices_tenant_id_series_sequence")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.create_index(
            "ix_invoices_customer_newest", ["tenant_id", "customer_id", "created_at", "id"], unique=False
        )
        batch_op.create_index("ix_invoices_newest", ["tenant_id", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_invoices_open",
            ["tenant_id", "currency", "due_at", "total_minor"],
            unique=False,
            sqlite_where=sa.text("status = 'issued'"),
            postgresql_where=sa.text("status = 'issued'"),
        )

    op.create_table(
        "prices",
        sa.Column("product_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("setup_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cycle IN ('monthly', 'quarterly', 'semiAnnual', 'oneYear', 'twoYears', 'threeYears', 'oneTime')",
            name=op.f("ck_prices_cycle"),
        ),
        sa.CheckConstraint("amount_minor >= 0 AND setup_minor >= 0", name=op.f("ck_prices_amounts")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["products.tenant_id", "products.id"],
            name=op.f("fk_prices_tenant_id_product_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_prices_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prices")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_prices_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "product_id", "currency", "cycle", name=op.f("uq_prices_tenant_id_product_id_currency_cycle")
        ),
        info={"tenant_owned": True},
    )
    op.create_table(
        "promo_code_usage",
        sa.Column("promo_code_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("customer_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("nth", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("discount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("nth > 0", name=op.f("ck_promo_code_usage_nth")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_promo_code_usage_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "promo_code_id"],
            ["promo_codes.tenant_id", "promo_codes.id"],
            name=op.f("fk_promo_code_usage_tenant_id_promo_code_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_promo_code_usage_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promo_code_usage")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_promo_code_usage_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id",
            "promo_code_id",
            "customer_id",
            "nth",
            name=op.f("uq_promo_code_usage_tenant_id_promo_code_id_customer_id_nth"),
        ),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("promo_code_usage", schema=None) as batch_op:
        batch_op.create_index("ix_promo_code_usage_customer_id", ["tenant_id", "customer_id"], unique=False)

    op.create_table(
        "users",
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_set_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("staff_role", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("customer_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("customer_role", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("email_verified_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_sign_in_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(customer_role IS NULL) = (customer_id IS NULL)", name=op.f("ck_users_customer")),
        sa.CheckConstraint("(staff_role IS NULL) <> (customer_role IS NULL)", name=op.f("ck_users_one_side")),
        sa.CheckConstraint("customer_role BETWEEN 1 AND 5", name=op.f("ck_users_customer_role")),
        sa.CheckConstraint("staff_role BETWEEN 1 AND 5", name=op.f("ck_users_staff_role")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_users_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_users_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("tenant_id", "email_key", name="uq_users_email"),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_users_tenant_id_id")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index("ix_users_customer_id", ["tenant_id", "customer_id"], unique=False)
        batch_op.create_index("ix_users_staff", ["tenant_id", "staff_role"], unique=False)

    op.create_table(
        "invoice_lines",
        sa.Column("invoice_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("product_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("period_start", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("period_end", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("gross_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("discount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("net_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("computation", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_invoice_lines_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["products.tenant_id", "products.id"],
            name=op.f("fk_invoice_lines_tenant_id_product_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_invoice_lines_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_lines")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_invoice_lines_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "invoice_id", "position", name=op.f("uq_invoice_lines_tenant_id_invoice_id_position")
        ),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("invoice_lines", schema=None) as batch_op:
        batch_op.create_index("ix_invoice_lines_product_id", ["tenant_id", "product_id"], unique=False)

    op.create_table(
        "ledger_entries",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("invoice_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("merchant_tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("happened_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_ledger_entries_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_ledger_entries_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_ledger_entries_tenant_id_id")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_entries_invoice_id", ["tenant_id", "invoice_id"], unique=False)

    op.create_table(
        "orders",
        sa.Column("customer_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("placed_by", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("invoice_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("promo_code_usage_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("total_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("completed_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status <> 'cancelled' OR cancelled_at IS NOT NULL", name=op.f("ck_orders_cancelled")),
        sa.CheckConstraint("status <> 'completed' OR completed_at IS NOT NULL", name=op.f("ck_orders_completed")),
        sa.CheckConstraint("status IN ('pending', 'completed', 'cancelled')", name=op.f("ck_orders_status")),
        sa.CheckConstraint("total_minor >= 0", name=op.f("ck_orders_total")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_orders_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_orders_tenant_id_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "placed_by"], ["users.tenant_id", "users.id"], name=op.f("fk_orders_tenant_id_placed_by")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "promo_code_usage_id"],
            ["promo_code_usage.tenant_id", "promo_code_usage.id"],
            name=op.f("fk_orders_tenant_id_promo_code_usage_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_orders_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_orders_tenant_id_id")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index(
            "ix_orders_customer_newest", ["tenant_id", "customer_id", "created_at", "id"], unique=False
        )
        batch_op.create_index("ix_orders_invoice_id", ["tenant_id", "invoice_id"], unique=False)
        batch_op.create_index("ix_orders_newest", ["tenant_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_orders_placed_by", ["tenant_id", "placed_by"], unique=False)
        batch_op.create_index("ix_orders_promo_code_usage_id", ["tenant_id", "promo_code_usage_id"], unique=False)
        batch_op.create_index("ix_orders_status", ["tenant_id", "status", "created_at", "id"], unique=False)

    op.create_table(
        "password_reset_tokens",
        sa.Column("user_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("lasts_seconds", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("expires_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("used_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("purpose IN ('reset', 'first')", name=op.f("ck_password_reset_tokens_purpose")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_password_reset_tokens_tenant_id_user_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_password_reset_tokens_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_reset_tokens")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_password_reset_tokens_tenant_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_reset_tokens_token_hash")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("password_reset_tokens", schema=None) as batch_op:
        batch_op.create_index("ix_password_reset_tokens_user_id", ["tenant_id", "user_id"], unique=False)

    op.create_table(
        "subscriptions",
        sa.Column("customer_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("product_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("first_invoice_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("plan_name", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("price_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("auto_renew", sa.Boolean(), nullable=False),
        sa.Column("period_start", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("period_end", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ends_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "cycle IN ('monthly', 'quarterly', 'semiAnnual', 'oneYear', 'twoYears', 'threeYears', 'oneTime')",
            name=op.f("ck_subscriptions_cycle"),
        ),
        sa.CheckConstraint(
            "status <> 'active' OR cycle = 'oneTime' OR (period_start IS NOT NULL AND period_end IS NOT NULL)",
            name=op.f("ck_subscriptions_active"),
        ),
        sa.CheckConstraint(
            "status IN ('pending', 'active', 'suspended', 'cancelled', 'terminated')",
            name=op.f("ck_subscriptions_status"),
        ),
        sa.CheckConstraint("period_end > period_start", name=op.f("ck_subscriptions_period")),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_subscriptions_price")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_subscriptions_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "first_invoice_id"],
            ["invoices.tenant_id", "invoices.id"],
            name=op.f("fk_subscriptions_tenant_id_first_invoice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["products.tenant_id", "products.id"],
            name=op.f("fk_subscriptions_tenant_id_product_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_subscriptions_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_subscriptions_tenant_id_id")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            "ix_subscriptions_customer_newest", ["tenant_id", "customer_id", "created_at", "id"], unique=False
        )
        batch_op.create_index("ix_subscriptions_first_invoice_id", ["tenant_id", "first_invoice_id"], unique=False)
        batch_op.create_index("ix_subscriptions_newest", ["tenant_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_subscriptions_product_id", ["tenant_id", "product_id"], unique=False)
        batch_op.create_index("ix_subscriptions_renewal", ["tenant_id", "status", "period_end"], unique=False)

    op.create_table(
        "user_sessions",
        sa.Column("user_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("csrf_secret", sa.LargeBinary(), nullable=False),
        sa.Column("device_type", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("os", sa.Text(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("last_active_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "device_type IN ('desktop', 'mobile', 'tablet', 'unknown')", name=op.f("ck_user_sessions_device_type")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "user_id"], ["users.tenant_id", "users.id"], name=op.f("fk_user_sessions_tenant_id_user_id")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_user_sessions_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_user_sessions_tenant_id_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_user_sessions_token_hash")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("user_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_user_sessions_expiry", ["tenant_id", "expires_at"], unique=False)
        batch_op.create_index("ix_user_sessions_user_id", ["tenant_id", "user_id"], unique=False)

    op.create_table(
        "email_queue",
        sa.Column("template", sa.String(length=60), nullable=False),
        sa.Column("subject_type", sa.String(length=60), nullable=False),
        sa.Column("subject_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("to_user_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("link_id", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("priority", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("message_id_header", sa.Text(), nullable=False),
        sa.Column("subject_line", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("body_text", sa.Text(), nullable=False),
        sa.Column("attempt_log", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("sent_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("kept_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("next_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lease_until", app.kernel.columns.UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_token", app.kernel.columns.Id(length=16), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'leased', 'done', 'dead', 'kept')", name=op.f("ck_email_queue_state")),
        sa.CheckConstraint("priority BETWEEN 1 AND 10", name=op.f("ck_email_queue_priority")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "link_id"],
            ["password_reset_tokens.tenant_id", "password_reset_tokens.id"],
            name=op.f("fk_email_queue_tenant_id_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "to_user_id"],
            ["users.tenant_id", "users.id"],
            name=op.f("fk_email_queue_tenant_id_to_user_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_email_queue_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_queue")),
        sa.UniqueConstraint("tenant_id", "dedupe_key", name=op.f("uq_email_queue_tenant_id_dedupe_key")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_email_queue_tenant_id_id")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("email_queue", schema=None) as batch_op:
        batch_op.create_index("ix_email_queue_address", ["tenant_id", "address_key", "created_at", "id"], unique=False)
        batch_op.create_index(
            "ix_email_queue_due",
            ["priority", "next_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('waiting', 'leased')"),
            postgresql_where=sa.text("state IN ('waiting', 'leased')"),
        )
        batch_op.create_index("ix_email_queue_link_id", ["tenant_id", "link_id"], unique=False)
        batch_op.create_index("ix_email_queue_newest", ["tenant_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_email_queue_sent", ["tenant_id", "sent_at"], unique=False)
        batch_op.create_index("ix_email_queue_state", ["tenant_id", "state", "created_at", "id"], unique=False)
        batch_op.create_index("ix_email_queue_template", ["tenant_id", "template", "created_at", "id"], unique=False)
        batch_op.create_index("ix_email_queue_to_user_id", ["tenant_id", "to_user_id"], unique=False)

    op.create_table(
        "ledger_postings",
        sa.Column("entry_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("customer_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("merchant_tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "account IN ('receivable', 'revenue', 'discounts', 'tax')", name=op.f("ck_ledger_postings_account")
        ),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_ledger_postings_amount")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "customer_id"],
            ["customers.tenant_id", "customers.id"],
            name=op.f("fk_ledger_postings_tenant_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "entry_id"],
            ["ledger_entries.tenant_id", "ledger_entries.id"],
            name=op.f("fk_ledger_postings_tenant_id_entry_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_ledger_postings_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_postings")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_ledger_postings_tenant_id_id")),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("ledger_postings", schema=None) as batch_op:
        batch_op.create_index("ix_ledger_postings_customer_id", ["tenant_id", "customer_id"], unique=False)
        batch_op.create_index("ix_ledger_postings_entry_id", ["tenant_id", "entry_id"], unique=False)

    op.create_table(
        "order_lines",
        sa.Column("order_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("product_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("subscription_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("price_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("setup_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tenant_id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("id", app.kernel.columns.Id(length=16), nullable=False),
        sa.Column("created_at", app.kernel.columns.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("price_minor >= 0 AND setup_minor >= 0", name=op.f("ck_order_lines_amounts")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "order_id"], ["orders.tenant_id", "orders.id"], name=op.f("fk_order_lines_tenant_id_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "product_id"],
            ["products.tenant_id", "products.id"],
            name=op.f("fk_order_lines_tenant_id_product_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "subscription_id"],
            ["subscriptions.tenant_id", "subscriptions.id"],
            name=op.f("fk_order_lines_tenant_id_subscription_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_order_lines_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lines")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_order_lines_tenant_id_id")),
        sa.UniqueConstraint(
            "tenant_id", "order_id", "position", name=op.f("uq_order_lines_tenant_id_order_id_position")
        ),
        info={"tenant_owned": True},
    )
    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.create_index("ix_order_lines_product_id", ["tenant_id", "product_id"], unique=False)
        batch_op.create_index("ix_order_lines_subscription_id", ["tenant_id", "subscription_id"], unique=False)

    # ### end Alembic commands ###

    for statement in statements(op.get_bind().dialect.name):
        op.execute(sa.DDL(statement.replace("%%", "%").replace("%", "%%")))


def downgrade() -> None:
    for statement in DROP_FIRST:
        op.execute(statement)
    # ### commands auto generated by Alembic - please adjust! ###
    with op.batch_alter_table("order_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_order_lines_subscription_id")
        batch_op.drop_index("ix_order_lines_product_id")

    op.drop_table("order_lines")
    with op.batch_alter_table("ledger_postings", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_postings_entry_id")
        batch_op.drop_index("ix_ledger_postings_customer_id")

    op.drop_table("ledger_postings")
    with op.batch_alter_table("email_queue", schema=None) as batch_op:
        batch_op.drop_index("ix_email_queue_to_user_id")
        batch_op.drop_index("ix_email_queue_template")
        batch_op.drop_index("ix_email_queue_state")
        batch_op.drop_index("ix_email_queue_sent")
        batch_op.drop_index("ix_email_queue_newest")
        batch_op.drop_index("ix_email_queue_link_id")
        batch_op.drop_index(
            "ix_email_queue_due",
            sqlite_where=sa.text("state IN ('waiting', 'leased')"),
            postgresql_where=sa.text("state IN ('waiting', 'leased')"),
        )
        batch_op.drop_index("ix_email_queue_address")

    op.drop_table("email_queue")
    with op.batch_alter_table("user_sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_user_sessions_user_id")
        batch_op.drop_index("ix_user_sessions_expiry")

    op.drop_table("user_sessions")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index("ix_subscriptions_renewal")
        batch_op.drop_index("ix_subscriptions_product_id")
        batch_op.drop_index("ix_subscriptions_newest")
        batch_op.drop_index("ix_subscriptions_first_invoice_id")
        batch_op.drop_index("ix_subscriptions_customer_newest")

    op.drop_table("subscriptions")
    with op.batch_alter_table("password_reset_tokens", schema=None) as batch_op:
        batch_op.drop_index("ix_password_reset_tokens_user_id")

    op.drop_table("password_reset_tokens")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index("ix_orders_status")
        batch_op.drop_index("ix_orders_promo_code_usage_id")
        batch_op.drop_index("ix_orders_placed_by")
        batch_op.drop_index("ix_orders_newest")
        batch_op.drop_index("ix_orders_invoice_id")
        batch_op.drop_index("ix_orders_customer_newest")

    op.drop_table("orders")
    with op.batch_alter_table("ledger_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_ledger_entries_invoice_id")

    op.drop_table("ledger_entries")
    with op.batch_alter_table("invoice_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_invoice_lines_product_id")

    op.drop_table("invoice_lines")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index("ix_users_staff")
        batch_op.drop_index("ix_users_customer_id")

    op.drop_table("users")
    with op.batch_alter_table("promo_code_usage", schema=None) as batch_op:
        batch_op.drop_index("ix_promo_code_usage_customer_id")

    op.drop_table("promo_code_usage")
    op.drop_table("prices")
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_invoices_open", sqlite_where=sa.text("status = 'issued'"), postgresql_where=sa.text("status = 'issued'")
        )
        batch_op.drop_index("ix_invoices_newest")
        batch_op.drop_index("ix_invoices_customer_newest")

    op.drop_table("invoices")
    with op.batch_alter_table("api_activity_logs", schema=None) as batch_op:
        batch_op.drop_index("ix_api_activity_logs_page")

    op.drop_table("api_activity_logs")
    op.drop_table("promo_codes")
    with op.batch_alter_table("products", schema=None) as batch_op:
        batch_op.drop_index("ix_products_category")

    op.drop_table("products")
    op.drop_table("person_keys")
    with op.batch_alter_table("password_requests", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_password_requests_due",
            sqlite_where=sa.text("state IN ('waiting', 'leased')"),
            postgresql_where=sa.text("state IN ('waiting', 'leased')"),
        )

    op.drop_table("password_requests")
    op.drop_table("number_series")
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_keys_expires_at"))

    op.drop_table("idempotency_keys")
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index("ix_customers_status")
        batch_op.drop_index("ix_customers_source")
        batch_op.drop_index("ix_customers_search")
        batch_op.drop_index("ix_customers_newest")
        batch_op.drop_index("ix_customers_country")

    op.drop_table("customers")
    op.drop_table("branding_configurations")
    with op.batch_alter_table("audit_logs", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_logs_resource")
        batch_op.drop_index("ix_audit_logs_moment")

    op.drop_table("audit_logs")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_index("ix_api_keys_page")

    op.drop_table("api_keys")
    with op.batch_alter_table("tenants", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_tenants_operator", sqlite_where=sa.text("is_operator = 1"), postgresql_where=sa.text("is_operator")
        )

    op.drop_table("tenants")
    op.drop_table("scheduled_jobs")
    with op.batch_alter_table("limit_counters", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_limit_counters_expires_at"))

    op.drop_table("limit_counters")
    with op.batch_alter_table("job_runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_runs_lease_until"))

    op.drop_table("job_runs")
    with op.batch_alter_table("heartbeats", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_heartbeats_seen_at"))

    op.drop_table("heartbeats")
    # ### end Alembic commands ###
    if op.get_bind().dialect.name == "postgresql":
        for function in FUNCTIONS:
            op.execute(f"DROP FUNCTION {function}()")
