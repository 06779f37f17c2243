"""What makes the database itself refuse to change the log and its seals. The migrations execute these.

Rows of the log are added at its end and never changed; they go only with a
whole segment whose seal was released. A seal is released once, when the newest
row under it is older than a year, and only then loses the list of its rows; the
rest of it stays for ever.
"""

CHANGED = "audit_logs is never changed"
SEALED = "audit_seals is never changed"
KEPT = (
    "id", "tenant_id", "created_at", "number", "first_position", "last_position", "count", "oldest_at", "newest_at",
    "rows_hash", "previous_hash", "hash",
)  # fmt: skip
"""Of a seal, whatever happens."""


def _sqlite() -> list[str]:
    found = []

    def refuse(name: str, when: str, table: str, condition: str, text: str) -> None:
        found.append(f"DROP TRIGGER IF EXISTS {name}")
        found.append(
            f"CREATE TRIGGER {name} BEFORE {when} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{text}'); END"
        )

    released = (
        "NOT EXISTS (SELECT 1 FROM audit_seals WHERE tenant_id = OLD.tenant_id AND released_at IS NOT NULL "
        "AND OLD.position BETWEEN first_position AND last_position)"
    )
    # INSERT OR REPLACE removes a row without asking the trigger on DELETE: so it is refused here.
    at_end = (
        "NEW.position <= max((SELECT coalesce(max(position), 0) FROM audit_logs WHERE tenant_id = NEW.tenant_id), "
        "coalesce((SELECT last_position FROM audit_seals WHERE tenant_id = NEW.tenant_id ORDER BY number DESC LIMIT 1),"
        " 0)) OR EXISTS (SELECT 1 FROM audit_logs WHERE id = NEW.id)"
    )
    other = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in KEPT)
    refuse("audit_logs_no_update", "UPDATE", "audit_logs", "1", CHANGED)
    refuse("audit_logs_no_delete", "DELETE", "audit_logs", released, CHANGED)
    refuse("audit_logs_at_end", "INSERT", "audit_logs", at_end, "audit_logs is only added to at its end")
    refuse(
        "audit_seals_no_update", "UPDATE", "audit_seals",
        "OLD.released_at IS NOT NULL OR NEW.released_at IS NULL OR NEW.members IS NOT NULL "
        f"OR OLD.newest_at > datetime('now', '-365 days') OR {other}", SEALED,
    )  # fmt: skip
    refuse("audit_seals_no_delete", "DELETE", "audit_seals", "1", SEALED)
    refuse(
        "audit_seals_no_replace", "INSERT", "audit_seals",
        "EXISTS (SELECT 1 FROM audit_seals WHERE id = NEW.id OR (tenant_id = NEW.tenant_id AND number = NEW.number))",
        SEALED,
    )  # fmt: skip
    return found


def _postgresql() -> list[str]:
    # The schema is said, so that no temporary table of the same name stands in for the seals.
    released = (
        "EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I.audit_seals WHERE tenant_id = $1 AND released_at IS NOT NULL "
        "AND $2 BETWEEN first_position AND last_position)', TG_TABLE_SCHEMA) INTO is_released "
        "USING OLD.tenant_id, OLD.position;"
    )
    other = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in KEPT)
    return [
        "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"DECLARE is_released boolean; BEGIN IF TG_OP = 'DELETE' THEN {released} "
        f"IF is_released THEN RETURN OLD; END IF; END IF; RAISE EXCEPTION '{CHANGED}'; END $$",
        "CREATE OR REPLACE TRIGGER audit_logs_no_change BEFORE UPDATE OR DELETE ON audit_logs "
        "FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()",
        "CREATE OR REPLACE TRIGGER audit_logs_no_truncate BEFORE TRUNCATE ON audit_logs "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()",
        "CREATE OR REPLACE FUNCTION refuse_seal_change() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN IF TG_OP = 'UPDATE' THEN IF OLD.released_at IS NULL AND NEW.released_at IS NOT NULL "
        f"AND NEW.members IS NULL AND OLD.newest_at < now() - interval '365 days' AND NOT ({other}) "
        f"THEN RETURN NEW; END IF; END IF; RAISE EXCEPTION '{SEALED}'; END $$",
        "CREATE OR REPLACE TRIGGER audit_seals_no_change BEFORE UPDATE OR DELETE ON audit_seals "
        "FOR EACH ROW EXECUTE FUNCTION refuse_seal_change()",
        "CREATE OR REPLACE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_seal_change()",
    ]


GUARDS: dict[str, list[str]] = {"sqlite": _sqlite(), "postgresql": _postgresql()}
"""Data definition statements by dialect; each may be run again."""
