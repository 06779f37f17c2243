"""What makes the database itself refuse to pay what takes no money, and to change or drop a payment.

Of a payment only what becomes of it moves, and only onwards: credited once,
refunded more, disputed. The migration executes these; a change of `Payment`'s
columns must run them again.
"""

from app.kernel.sqlite import pushes_out

FROZEN = (
    "id", "tenant_id", "created_at", "customer_id", "invoice_id", "gateway", "reference", "amount_minor", "currency",
    "reason", "note", "received_at", "recorded_by", "recorded_by_key",
)  # fmt: skip
"""Columns that never change."""
FORWARD = (("succeeded", "refunded"), ("succeeded", "disputed"), ("disputed", "refunded"))
"""How the status may move."""

_KEPT = "a payment never changes: money that goes back is a refund"
_CLOSED = "a draft or void invoice takes no money"


def _is_changed(differs: str) -> str:
    """An SQL condition on OLD and NEW; `differs` is the store's null-safe inequality."""
    frozen = [f"NEW.{column} {differs} OLD.{column}" for column in FROZEN]
    once = [f"(OLD.disputed_at IS NOT NULL AND NEW.disputed_at {differs} OLD.disputed_at)"]
    once.append("(OLD.credited_minor <> 0 AND NEW.credited_minor <> OLD.credited_minor)")
    steps = " OR ".join(f"(OLD.status = '{before}' AND NEW.status = '{after}')" for before, after in FORWARD)
    back = "NEW.refunded_minor < OLD.refunded_minor"
    return " OR ".join([*frozen, *once, back, f"NOT (NEW.status = OLD.status OR {steps})"])


_PAYABLE = (
    "NEW.status <> 'failed' AND NOT EXISTS (SELECT 1 FROM invoices WHERE id = NEW.invoice_id "
    "AND tenant_id = NEW.tenant_id AND customer_id = NEW.customer_id AND currency = NEW.currency "
    "AND status IN ('issued', 'paid', 'refunded'))"
)
"""Whether a new payment is for an invoice that takes no money, or for another customer's or currency's."""


def _sqlite() -> list[str]:
    # A reference that is there is passed over, as `service.record` asks (ON CONFLICT DO NOTHING): REPLACE as well.
    refuse, pass_over = "RAISE(ABORT, '{}')", "RAISE(IGNORE)"
    of_reference = "stays.reference = NEW.reference AND (stays.status = 'failed') = (NEW.status = 'failed')"
    known = (
        "EXISTS (SELECT 1 FROM payments AS stays WHERE stays.tenant_id = NEW.tenant_id "
        f"AND stays.gateway = NEW.gateway AND {of_reference})"
    )
    triggers = [
        ("payments_add", "INSERT", _PAYABLE, refuse.format(_CLOSED)),
        ("payments_once", "INSERT", known, pass_over),
        ("payments_other", "INSERT", pushes_out("payments"), refuse.format(_KEPT)),
        ("payments_keep", "UPDATE", f"{_is_changed('IS NOT')} OR NEW.rowid <> OLD.rowid", refuse.format(_KEPT)),
        ("payments_stay", "DELETE", "1", refuse.format(_KEPT)),
    ]
    made = []
    for name, what, when, answer in triggers:
        made.append(f"DROP TRIGGER IF EXISTS {name}")
        made.append(f"CREATE TRIGGER {name} BEFORE {what} ON payments WHEN {when} BEGIN SELECT {answer}; END")
    return made


def _postgresql() -> list[str]:
    refuse = "RAISE EXCEPTION '{text}' USING ERRCODE = 'restrict_violation'"
    body = (
        f"IF TG_OP = 'INSERT' THEN IF {_PAYABLE} THEN {refuse.format(text=_CLOSED)}; END IF; RETURN NEW; END IF; "
        f"IF TG_OP <> 'UPDATE' THEN {refuse.format(text=_KEPT)}; END IF; "
        f"IF {_is_changed('IS DISTINCT FROM')} THEN {refuse.format(text=_KEPT)}; END IF; RETURN NEW;"
    )
    return [
        f"CREATE OR REPLACE FUNCTION keep_payment() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$",
        "CREATE OR REPLACE TRIGGER payments_keep BEFORE INSERT OR UPDATE OR DELETE ON payments "
        "FOR EACH ROW EXECUTE FUNCTION keep_payment()",
        "CREATE OR REPLACE TRIGGER payments_stay BEFORE TRUNCATE ON payments "
        "FOR EACH STATEMENT EXECUTE FUNCTION keep_payment()",
    ]


GUARDS: dict[str, list[str]] = {"sqlite": _sqlite(), "postgresql": _postgresql()}
"""Data definition statements by dialect, to be run after the tables; each may be run again."""
