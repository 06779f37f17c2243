"""What makes the database itself refuse to change the log and its seals. The migrations execute these.

Rows of the log are added at its end and never changed; they go only with a
whole segment whose seal was released. A seal is added after the last one and
says of its rows how many there are and how old the newest is, as it is. It is
released once, when that row is older than a year, and only then loses the list
of its rows; the rest of it stays for ever.
"""

from app.kernel.sqlite import pushes_out

CHANGED = "audit_logs is never changed"
SEALED = "audit_seals is never changed"
FALSE = "a seal says what is not so"
KEPT = (
    "id", "tenant_id", "created_at", "number", "first_position", "last_position", "count", "oldest_at", "newest_at",
    "rows_hash", "previous_hash", "hash",
)  # fmt: skip
"""Of a seal, whatever happens."""
_UNDER = "tenant_id = NEW.tenant_id AND position BETWEEN NEW.first_position AND NEW.last_position"
_LAST = "(SELECT last_position FROM {seals} WHERE tenant_id = NEW.tenant_id ORDER BY number DESC LIMIT 1)"


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
    at_end = (
        "NEW.position <= max((SELECT coalesce(max(position), 0) FROM audit_logs WHERE tenant_id = NEW.tenant_id), "
        "coalesce((SELECT last_position FROM audit_seals WHERE tenant_id = NEW.tenant_id ORDER BY number DESC LIMIT 1),"
        f" 0)) OR {pushes_out('audit_logs')}"
    )
    other = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in (*KEPT, "rowid"))
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
        "audit_seals_no_replace", "INSERT", "audit_seals", pushes_out("audit_seals", ("tenant_id", "number")), SEALED
    )
    refuse(
        "audit_seals_true", "INSERT", "audit_seals",
        f"NEW.released_at IS NOT NULL OR NEW.first_position <= {_LAST.format(seals='audit_seals')} "
        f"OR NEW.newest_at IS NOT (SELECT max(created_at) FROM audit_logs WHERE {_UNDER}) "
        f"OR NEW.count <> (SELECT count(*) FROM audit_logs WHERE {_UNDER})", FALSE,
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
    last, under = (text.replace("NEW.tenant_id", "$1") for text in (_LAST.format(seals="%1$I.audit_seals"), _UNDER))
    under = under.replace("NEW.first_position", "$2").replace("NEW.last_position", "$3")
    # A number that is there already is left to the unique key: two may seal at once.
    is_true = (
        "EXECUTE format('SELECT EXISTS (SELECT 1 FROM %1$I.audit_seals WHERE tenant_id = $1 AND number = $6) OR "
        f"($2 > coalesce({last}, $2 - 1) AND (SELECT max(created_at) = $4 AND count(*) = $5 FROM %1$I.audit_logs "
        f"WHERE {under}))', TG_TABLE_SCHEMA) INTO is_true USING NEW.tenant_id, NEW.first_position, NEW.last_position, "
        "NEW.newest_at, NEW.count, NEW.number;"
    )
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
        "CREATE OR REPLACE FUNCTION refuse_false_seal() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"DECLARE is_true boolean; BEGIN {is_true} IF is_true AND NEW.released_at IS NULL THEN RETURN NEW; END IF; "
        f"RAISE EXCEPTION '{FALSE}'; END $$",
        "CREATE OR REPLACE TRIGGER audit_seals_true BEFORE INSERT ON audit_seals "
        "FOR EACH ROW EXECUTE FUNCTION refuse_false_seal()",
        "CREATE OR REPLACE TRIGGER audit_seals_no_truncate BEFORE TRUNCATE ON audit_seals "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_seal_change()",
    ]


GUARDS: dict[str, list[str]] = {"sqlite": _sqlite(), "postgresql": _postgresql()}
"""Data definition statements by dialect; each may be run again."""
