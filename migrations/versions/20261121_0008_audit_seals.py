"""The seals of the audit log, the order they go by, who acted as whom, and a log of every API request."""

import sqlalchemy as sa
from alembic import op

import app.kernel.columns

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Id, Moment = app.kernel.columns.Id, app.kernel.columns.UtcDateTime
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

GUARDS = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS audit_logs_no_update",
        "CREATE TRIGGER audit_logs_no_update BEFORE UPDATE ON audit_logs WHEN 1 BEGIN SELECT RAISE(ABORT, 'audit_logs is never changed'); END",
        "DROP TRIGGER IF EXISTS audit_logs_no_delete",
        "CREATE TRIGGER audit_logs_no_delete BEFORE DELETE ON audit_logs WHEN NOT EXISTS (SELECT 1 FROM audit_seals WHERE tenant_id = OLD.tenant_id AND released_at IS NOT NULL AND OLD.position BETWEEN first_position AND last_position) BEGIN SELECT RAISE(ABORT, 'audit_logs is never changed'); END",
        "DROP TRIGGER IF EXISTS audit_logs_at_end",
        "CREATE TRIGGER audit_logs_at_end BEFORE INSERT ON audit_logs WHEN NEW.position <= max((SELECT coalesce(max(position), 0) FROM audit_logs WHERE tenant_id = NEW.tenant_id), coalesce((SELECT last_position FROM audit_seals WHERE tenant_id = NEW.tenant_id ORDER BY number DESC LIMIT 1), 0)) OR EXISTS (SELECT 1 FROM audit_logs WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'audit_logs is only added to at its end'); END",
        "DROP TRIGGER IF EXISTS audit_seals_no_update",
        "CREATE TRIGGER audit_seals_no_update BEFORE UPDATE ON audit_seals WHEN OLD.released_at IS NOT NULL OR NEW.released_at IS NULL OR NEW.members IS NOT NULL OR OLD.newest_at > datetime('now', '-365 days') OR NEW.id IS NOT OLD.id OR NEW.tenant_id IS NOT OLD.tenant_id OR NEW.created_at IS NOT OLD.created_at OR NEW.number IS NOT OLD.number OR NEW.first_position IS NOT OLD.first_position OR NEW.last_position IS NOT OLD.last_position OR NEW.count IS NOT OLD.count OR NEW.oldest_at IS NOT OLD.oldest_at OR NEW.newest_at IS NOT OLD.newest_at OR NEW.rows_hash IS NOT OLD.rows_hash OR NEW.previous_hash IS NOT OLD.previous_hash OR NEW.hash IS NOT OLD.hash BEGIN SELECT RAISE(ABORT, 'audit_seals is never changed'); END",
        "DROP TRIGGER IF EXISTS audit_seals_no_delete",
        "CREATE TRIGGER audit_seals_no_delete BEFORE DELETE ON audit_seals WHEN 1 BEGIN SELECT RAISE(ABORT, 'audit_seals is never changed'); END",
        "DROP TRIGGER IF EXISTS audit_seals_no_replace",
        "CREATE TRIGGER audit_seals_no_replace BEFORE INSERT ON audit_seals WHEN EXISTS (SELECT 1 FROM audit_seals WHERE id = NEW.id OR (tenant_id = NEW.tenant_id AND number = NEW.number)) BEGIN SELECT RAISE(ABORT, 'audit_seals is never changed'); END",
        "DROP TRIGGER IF EXISTS audit_seals_true",
        "CREATE TRIGGER audit_seals_true BEFORE INSERT ON audit_seals WHEN NEW.released_at IS NOT NULL OR NEW.first_position <= (SELECT last_position FROM audit_seals WHERE tenant_id = NEW.tenant_id ORDER BY number DESC LIMIT 1) OR NEW.newest_at IS NOT (SELECT max(created_at) FROM audit_logs WHERE tenant_id = NEW.tenant_id AND position BETWEEN NEW.first_position AND NEW.last_position) OR NEW.count <> (SELECT count(*) FROM audit_logs WHERE tenant_id = NEW.tenant_id AND position BETWEEN NEW.first_position AND NEW.last_position) BEGIN SELECT RAISE(ABORT, 'a seal says what is not so'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE is_released boolean; BEGIN IF TG_OP = 'DELETE' THEN EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.audit_seals WHERE tenant_id = $1 AND released_at IS NOT NULL AND $2 BETWEEN first_position AND last_position)', TG_TABLE_SCHEMA) INTO is_released USING OLD.tenant_id, OLD.position; IF is_released THEN RETURN OLD; END IF; END IF; RAISE EXCEPTION 'audit_logs is never changed'; END $$",
        "CREATE OR REPLACE TRIGGER audit_logs_no_change BEFORE UPDATE OR DELETE ON audit_logs FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()",
        "CREATE OR REPLACE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON audit_logs FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()",
        "CREATE OR REPLACE FUNCTION refuse_seal_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'UPDATE' THEN IF OLD.released_at IS NULL AND NEW.released_at IS NOT NULL AND NEW.members IS NULL AND OLD.newest_at < now() - interval '365 days' AND NOT (NEW.id IS DISTINCT FROM OLD.id OR NEW.tenant_id IS DISTINCT FROM OLD.tenant_id OR NEW.created_at IS DISTINCT FROM OLD.created_at OR NEW.number IS DISTINCT FROM OLD.number OR NEW.first_position IS DISTINCT FROM OLD.first_position OR NEW.last_position IS DISTINCT FROM OLD.last_position OR NEW.count IS DISTINCT FROM OLD.count OR NEW.oldest_at IS DISTINCT FROM OLD.oldest_at OR NEW.newest_at IS DISTINCT FROM OLD.newest_at OR NEW.rows_hash IS DISTINCT FROM OLD.rows_hash OR NEW.previous_hash IS DISTINCT FROM OLD.previous_hash OR NEW.hash IS DISTINCT FROM OLD.hash) THEN RETURN NEW; END IF; END IF; RAISE EXCEPTION 'audit_seals is never changed'; END $$",
        "CREATE OR REPLACE TRIGGER audit_seals_no_change BEFORE UPDATE OR DELETE ON audit_seals FOR EACH ROW EXECUTE FUNCTION refuse_seal_change()",
        "CREATE OR REPLACE FUNCTION refuse_false_seal() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE is_true boolean; BEGIN EXECUTE format('SELECT EXISTS (SELECT 1 FROM %1$I.audit_seals WHERE tenant_id = $1 AND number = $6) OR ($2 > coalesce((SELECT last_position FROM %1$I.audit_seals WHERE tenant_id = $1 ORDER BY number DESC LIMIT 1), $2 - 1) AND (SELECT max(created_at) = $4 AND count(*) = $5 FROM %1$I.audit_logs WHERE tenant_id = $1 AND position BETWEEN $2 AND $3))', TG_TABLE_SCHEMA) INTO is_true USING NEW.tenant_id, NEW.first_position, NEW.last_position, NEW.newest_at, NEW.count, NEW.number; IF is_true AND NEW.released_at IS NULL THEN RETURN NEW; END IF; RAISE EXCEPTION 'a seal says what is not so'; END $$",
        "CREATE OR REPLACE TRIGGER audit_seals_true BEFORE INSERT ON audit_seals FOR EACH ROW EXECUTE FUNCTION refuse_false_seal()",
        "CREATE OR REPLACE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals FOR EACH STATEMENT EXECUTE FUNCTION refuse_seal_change()",
    ),
}
"""What keeps the log and its seals from change."""

GUARDS_BEFORE = {
    "sqlite": (
        "DROP TRIGGER audit_logs_at_end",
        "DROP TRIGGER audit_logs_no_update",
        "DROP TRIGGER audit_logs_no_delete",
        "CREATE TRIGGER audit_logs_no_update BEFORE UPDATE ON audit_logs BEGIN SELECT RAISE(ABORT, 'audit_logs is never changed'); END",
        "CREATE TRIGGER audit_logs_no_delete BEFORE DELETE ON audit_logs BEGIN SELECT RAISE(ABORT, 'audit_logs is never changed'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit_logs is never changed'; END $$",
    ),
}
"""The same as revision 0001 made it."""

NUMBERED = (
    "UPDATE audit_logs SET position = numbered.at FROM "
    "(SELECT id, row_number() OVER (ORDER BY created_at, id) AS at FROM audit_logs) AS numbered "
    "WHERE numbered.id = audit_logs.id"
)

ROW_SECURITY = (
    "ALTER TABLE audit_seals ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE audit_seals FORCE ROW LEVEL SECURITY",
    "CREATE POLICY tenant_only ON audit_seals USING (tenant_id = (SELECT nullif(current_setting('mpanel.tenant', true), '')::uuid) OR (SELECT current_setting('mpanel.across', true)) = 'on')",
)


def upgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.add_column("audit_logs", sa.Column("impersonator_user_id", Id(length=16), nullable=True))
    number_rows(dialect)
    make_seals()
    if dialect == "postgresql":
        execute(ROW_SECURITY)
    execute(GUARDS[dialect])
    widen_api_log(dialect)
    op.add_column("tenants", sa.Column("audit_kept_years", sa.SmallInteger(), nullable=True))
    op.add_column("tenants", sa.Column("api_log_kept_days", sa.SmallInteger(), nullable=False, server_default="90"))


def number_rows(dialect: str) -> None:
    """Give every row its place, the oldest first; later ones get theirs when they are written."""
    if dialect == "sqlite":
        op.execute("DROP TRIGGER audit_logs_no_update")
        op.execute("ALTER TABLE audit_logs ADD COLUMN position INTEGER NOT NULL DEFAULT 0")
        op.execute(NUMBERED)
    else:
        op.execute("SELECT set_config('mpanel.across', 'on', true)")
        op.execute("ALTER TABLE audit_logs ADD COLUMN position BIGINT")
        op.execute("ALTER TABLE audit_logs DISABLE TRIGGER audit_logs_no_change")
        op.execute(NUMBERED)
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")
        op.execute("ALTER TABLE audit_logs ENABLE TRIGGER audit_logs_no_change")
        op.execute("CREATE SEQUENCE audit_logs_position_seq OWNED BY audit_logs.position")
        op.execute(
            "SELECT setval('audit_logs_position_seq', (SELECT coalesce(max(position), 0) + 1 FROM audit_logs), false)"
        )
        op.execute("ALTER TABLE audit_logs ALTER COLUMN position SET DEFAULT nextval('audit_logs_position_seq')")
        op.execute("ALTER TABLE audit_logs ALTER COLUMN position SET NOT NULL")
    op.create_index("uq_audit_logs_position", "audit_logs", ["tenant_id", "position"], unique=True)


def make_seals() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("number", BIG, nullable=False),
        sa.Column("first_position", BIG, nullable=False),
        sa.Column("last_position", BIG, nullable=False),
        sa.Column("count", BIG, nullable=False),
        sa.Column("oldest_at", Moment(timezone=True), nullable=False),
        sa.Column("newest_at", Moment(timezone=True), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=True),
        sa.Column("rows_hash", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("released_at", Moment(timezone=True), nullable=True),
        sa.Column("tenant_id", Id(length=16), nullable=False),
        sa.Column("id", Id(length=16), nullable=False),
        sa.Column("created_at", Moment(timezone=True), nullable=False),
        sa.CheckConstraint(
            "number > 0 AND count > 0 AND first_position <= last_position", name=op.f("ck_audit_seals_segment")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_audit_seals_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_audit_seals_tenant_id_id")),
        sa.UniqueConstraint("tenant_id", "number", name=op.f("uq_audit_seals_tenant_id_number")),
        info={"tenant_owned": True},
    )


def widen_api_log(dialect: str) -> None:
    """Calls without a key too; addresses only encrypted. Those of calls before are dropped: they stood in plain."""
    if dialect == "postgresql":
        op.alter_column("api_activity_logs", "api_key_id", nullable=True)
        op.drop_column("api_activity_logs", "address")
        op.drop_column("api_activity_logs", "user_agent")
        op.add_column("api_activity_logs", sa.Column("user_id", Id(length=16), nullable=True))
        op.add_column(
            "api_activity_logs", sa.Column("request_id", sa.String(length=64), nullable=False, server_default="")
        )
        op.add_column("api_activity_logs", sa.Column("personal", sa.LargeBinary(), nullable=True))
        op.add_column("api_activity_logs", sa.Column("personal_key_id", Id(length=16), nullable=True))
    else:
        rebuild_api_log(
            *WIDE,
            wanted="api_key_id, method, route, status, milliseconds, request_id, tenant_id, id, created_at",
            given="api_key_id, method, route, status, milliseconds, '', tenant_id, id, created_at",
            key_is_optional=True,
        )
    op.create_index("ix_api_activity_logs_moment", "api_activity_logs", ["tenant_id", "created_at", "id"])


WIDE = (
    ("user_id", Id(length=16), True),
    ("request_id", sa.String(length=64), False),
    ("personal", sa.LargeBinary(), True),
    ("personal_key_id", Id(length=16), True),
)
NARROW = (("address", sa.String(length=45), False), ("user_agent", sa.String(length=512), False))


def rebuild_api_log(
    *columns: tuple[str, sa.types.TypeEngine[object], bool], wanted: str, given: str, key_is_optional: bool
) -> None:
    """SQLite cannot let a column be empty that could not: the table is made anew."""
    op.execute("DROP INDEX ix_api_activity_logs_page")
    op.execute("ALTER TABLE api_activity_logs RENAME TO api_activity_logs_before")
    op.create_table(
        "api_activity_logs",
        sa.Column("api_key_id", Id(length=16), nullable=key_is_optional),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("route", sa.String(length=300), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("milliseconds", BIG, nullable=False),
        *(sa.Column(name, type_, nullable=is_optional) for name, type_, is_optional in columns),
        sa.Column("tenant_id", Id(length=16), nullable=False),
        sa.Column("id", Id(length=16), nullable=False),
        sa.Column("created_at", Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "api_key_id"],
            ["api_keys.tenant_id", "api_keys.id"],
            name=op.f("fk_api_activity_logs_tenant_id_api_key_id"),
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_api_activity_logs_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_activity_logs")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_api_activity_logs_tenant_id_id")),
    )
    op.execute(f"INSERT INTO api_activity_logs ({wanted}) SELECT {given} FROM api_activity_logs_before")  
    op.execute("DROP TABLE api_activity_logs_before")
    op.create_index("ix_api_activity_logs_page", "api_activity_logs", ["tenant_id", "api_key_id", "created_at", "id"])


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    op.drop_column("tenants", "api_log_kept_days")
    op.drop_column("tenants", "audit_kept_years")
    narrow_api_log(dialect)
    execute(GUARDS_BEFORE[dialect])
    op.drop_table("audit_seals")
    if dialect == "postgresql":
        op.execute("DROP FUNCTION refuse_seal_change()")
        op.execute("DROP FUNCTION refuse_false_seal()")
    op.drop_index("uq_audit_logs_position", table_name="audit_logs")
    op.drop_column("audit_logs", "position")
    op.drop_column("audit_logs", "impersonator_user_id")


def narrow_api_log(dialect: str) -> None:
    """Calls without a key go: they had no place."""
    if dialect == "postgresql":
        op.execute("SELECT set_config('mpanel.across', 'on', true)")
        op.drop_index("ix_api_activity_logs_moment", table_name="api_activity_logs")
        op.execute("DELETE FROM api_activity_logs WHERE api_key_id IS NULL")
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")
        op.alter_column("api_activity_logs", "api_key_id", nullable=False)
        for name in ("personal_key_id", "personal", "request_id", "user_id"):
            op.drop_column("api_activity_logs", name)
        for name, length in (("address", 45), ("user_agent", 512)):
            column = sa.Column(name, sa.String(length=length), nullable=False, server_default="")
            op.add_column("api_activity_logs", column)
        return
    op.execute("DROP INDEX ix_api_activity_logs_moment")
    op.execute("DELETE FROM api_activity_logs WHERE api_key_id IS NULL")
    rebuild_api_log(
        *NARROW,
        wanted="api_key_id, method, route, status, milliseconds, address, user_agent, tenant_id, id, created_at",
        given="api_key_id, method, route, status, milliseconds, '', '', tenant_id, id, created_at",
        key_is_optional=False,
    )


def execute(statements: tuple[str, ...]) -> None:
    """Run them as they stand."""
    for statement in statements:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%") if "%" in statement else statement)
