"""What makes the database itself refuse to change an issued invoice or the ledger.

An issued invoice keeps every column of `FROZEN`; its status only moves forward
and a moment, once set, stays. What was paid only grows, and only while it waits
for money; the table's own checks keep it within the total. Lines belong to drafts alone. Ledger rows are
only ever added. None of them makes room for another row of its key. The
migration executes these after the tables are made; a change of `Invoice`'s
columns must run them again.
"""

from app.kernel.sqlite import pushes_out

FROZEN = (
    "id", "tenant_id", "created_at", "customer_id", "series", "sequence", "number", "currency", "subtotal_minor",
    "discount_minor", "discount_reason", "tax_minor", "total_minor", "taxes", "billed_to", "seller", "issued_at",
    "due_at",
)  # fmt: skip
"""Columns of an issued invoice that never change."""

MOMENTS = ("paid_at", "voided_at", "refunded_at")
"""Columns that are set once."""

FORWARD = (("issued", "paid"), ("issued", "void"), ("paid", "refunded"))
"""How the status of an issued invoice may move."""

_KEPT = "an issued invoice never changes: correct it with a credit note"
_LINES = "lines belong to drafts: an issued invoice never changes"
_LEDGER = "the ledger is only ever added to"


def _is_changed(differs: str) -> str:
    """An SQL condition on OLD and NEW; `differs` is the store's null-safe inequality."""
    frozen = [f"NEW.{column} {differs} OLD.{column}" for column in FROZEN]
    moments = [f"(OLD.{column} IS NOT NULL AND NEW.{column} {differs} OLD.{column})" for column in MOMENTS]
    steps = " OR ".join(f"(OLD.status = '{before}' AND NEW.status = '{after}')" for before, after in FORWARD)
    paid = "NEW.paid_minor < OLD.paid_minor OR (OLD.status <> 'issued' AND NEW.paid_minor <> OLD.paid_minor)"
    return " OR ".join([*frozen, *moments, paid, f"NOT (NEW.status = OLD.status OR {steps})"])


def _sqlite() -> list[str]:
    draft = "(SELECT status FROM invoices WHERE id = {row}.invoice_id AND tenant_id = {row}.tenant_id)"
    new, old, other = (f"{draft.format(row=row)} IS NOT 'draft'" for row in ("NEW", "OLD", "stays"))
    numbers = (("tenant_id", "number"), ("tenant_id", "series", "sequence"))
    invoice = pushes_out("invoices", *numbers, kept="stays.status <> 'draft'")
    line = pushes_out("invoice_lines", kept=other)
    changed = f"{_is_changed('IS NOT')} OR NEW.rowid <> OLD.rowid"
    triggers = [
        ("invoices_add", "INSERT ON invoices", invoice, _KEPT),
        (
            "invoices_keep",
            "UPDATE ON invoices",
            f"CASE OLD.status WHEN 'draft' THEN {invoice} ELSE {changed} END",
            _KEPT,
        ),
        ("invoices_stay", "DELETE ON invoices", "OLD.status <> 'draft'", _KEPT),
        ("invoice_lines_add", "INSERT ON invoice_lines", f"{new} OR {line}", _LINES),
        ("invoice_lines_keep", "UPDATE ON invoice_lines", f"{old} OR {new} OR {line}", _LINES),
        ("invoice_lines_stay", "DELETE ON invoice_lines", old, _LINES),
        *(
            (f"{table}_{act.lower()}", f"{act} ON {table}", condition, _LEDGER)
            for table in ("ledger_entries", "ledger_postings")
            for act, condition in (("INSERT", pushes_out(table)), ("UPDATE", "1"), ("DELETE", "1"))
        ),
    ]
    made = []
    for name, what, when, text in triggers:
        made.append(f"DROP TRIGGER IF EXISTS {name}")
        made.append(f"CREATE TRIGGER {name} BEFORE {what} WHEN {when} BEGIN SELECT RAISE(ABORT, '{text}'); END")
    return made


def _postgresql() -> list[str]:
    refuse = "RAISE EXCEPTION '{text}' USING ERRCODE = 'restrict_violation'"
    draft = "(SELECT status FROM invoices WHERE id = {row}.invoice_id AND tenant_id = {row}.tenant_id)"
    new, old = (f"{draft.format(row=row)} IS DISTINCT FROM 'draft'" for row in ("NEW", "OLD"))
    bodies = {
        "keep_invoice": (
            f"IF OLD.status <> 'draft' AND (TG_OP = 'DELETE' OR {_is_changed('IS DISTINCT FROM')}) "
            f"THEN {refuse.format(text=_KEPT)}; END IF;"
        ),
        "keep_invoice_line": (
            f"IF TG_OP <> 'INSERT' THEN IF {old} THEN {refuse.format(text=_LINES)}; END IF; END IF; "
            f"IF TG_OP <> 'DELETE' THEN IF {new} THEN {refuse.format(text=_LINES)}; END IF; END IF;"
        ),
        "keep_ledger": f"{refuse.format(text=_LEDGER)};",
    }
    back = "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"
    functions = [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} {back} END $$"
        for name, body in bodies.items()
    ]
    rows = [
        ("invoices", "UPDATE OR DELETE", "keep_invoice"),
        ("invoice_lines", "INSERT OR UPDATE OR DELETE", "keep_invoice_line"),
        ("ledger_entries", "UPDATE OR DELETE", "keep_ledger"),
        ("ledger_postings", "UPDATE OR DELETE", "keep_ledger"),
    ]
    triggers = [
        f"CREATE OR REPLACE TRIGGER {table}_keep BEFORE {acts} ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
        for table, acts, function in rows
    ]
    emptying = [
        f"CREATE OR REPLACE TRIGGER {table}_stay BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION keep_ledger()"
        for table in ("ledger_entries", "ledger_postings")
    ]
    return [*functions, *triggers, *emptying]


GUARDS: dict[str, list[str]] = {"sqlite": _sqlite(), "postgresql": _postgresql()}
"""Data definition statements by dialect, to be run after the tables; each may be run again."""
