"""Rows of the log as people read them: who, what, to which record, and how a record differed before and after."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.features.audit import personals
from app.features.audit.listing import HERE, Line
from app.features.audit.models import AuditLog
from app.features.audit.personals import Personal
from app.features.audit.said import said
from app.kernel import known, words
from app.kernel.access import Role

SEVERITIES = {
    "debug": ("", "Debug"),
    "info": ("", "Info"),
    "warning": ("warn", "Warning"),
    "error": ("bad", "Error"),
    "critical": ("bad", "Critical"),
}
"""Tone and word of each."""
GROUPS = (
    ("People and sign-ins", ("USER_", "SESSION", "PASSWORD_", "STAFF_", "OWNER_", "IMPERSONATION_", "INVITATION_")),
    ("Customers", ("CUSTOMER_", "LEAD_", "NOTE_", "TERMS_", "CONSENT_")),
    ("Orders and services", ("ORDER_", "SUBSCRIPTION_", "TRIAL_", "SERVICE_", "SETUP_", "USAGE_")),
    ("Money", ("INVOICE_", "CREDIT_", "PAYMENT_", "COMMISSION_", "PAYOUT_", "REFERRAL_")),
    ("What we sell", ("PRODUCT_", "PRICE_", "PROMO_", "STOCK_")),
    (
        "Messages and content",
        (
            "MESSAGE",
            "TICKET_",
            "SURVEY_",
            "ARTICLE_",
            "TOPIC_",
            "POST_",
            "CATEGORY_",
            "TESTIMONIAL_",
            "FILE_",
            "INCIDENT_",
        ),
    ),
    ("Programs", ("WEBHOOK_", "API_", "OAUTH_")),
    ("House", ("TENANT_", "SETTINGS_", "BRANDING_", "DOMAIN_", "BACKUP_", "DATA_", "ACCESS_", "JOB_", "ROW")),
)
ERASED = "Somebody who was erased"


def grouped(actions: Sequence[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The actions in their groups, each with its words; what is in no group comes last."""
    found: dict[str, list[tuple[str, str]]] = {}
    for action, text in told_apart(actions).items():
        group = next((label for label, begins in GROUPS if action.startswith(begins)), "Other")
        found.setdefault(group, []).append((action, text))
    order = [label for label, _begins in GROUPS] + ["Other"]
    return [(label, sorted(found[label], key=lambda one: one[1])) for label in order if label in found]


def told_apart(actions: Iterable[str]) -> dict[str, str]:
    """The words of each action; two of them that are said alike bear their own names besides."""
    texts = {action: said(action) for action in actions}
    often = Counter(texts.values())
    return {action: text if often[text] == 1 else f"{text} ({action})" for action, text in texts.items()}


def who(line: Line | AuditLog, personal: Personal | None) -> str:
    """Who did it, by the name that was written down then."""
    if personal is None:
        return ERASED
    name = str(personal.get("actor") or "")
    if line.actor_user_id is None and line.actor_key_id is None:
        if name not in {"", "system"}:
            return name
        return "Somebody not signed in" if personal.get("ip") else "The panel"
    return name or ("An API key" if line.actor_key_id is not None else "Somebody")


def through(line: Line | AuditLog, personal: Personal | None, names: Mapping[tuple[str, UUID], known.Known]) -> str:
    """The member of staff who acted in that person's place, if one did."""
    if line.impersonator_user_id is None:
        return ""
    current = names.get(("user", line.impersonator_user_id))
    return str((personal or {}).get("impersonator") or (current.name if current is not None else ERASED))


def rows(found: Sequence[Line], *, role: Role, zone: str) -> list[tuple[Any, ...]]:
    """Of each: address, exact and relative time, who, through whom, action, its words, what, its page, tone, severity.

    Two queries, however many rows: one for the keys of their personal parts, one for the names of their records.
    """
    read = personals.read(found)
    names = _names(found, role)
    made = []
    for line in found:
        personal = read[line.id]
        tone, severity = SEVERITIES[line.severity]
        what, href = thing(line, names)
        made.append(
            (
                f"{HERE}/{line.id}", words.exact(line.created_at, zone), words.ago(line.created_at, zone),
                who(line, personal), through(line, personal, names), line.action, said(line.action), what, href,
                tone, severity,
            )
        )  # fmt: skip
    return made


def _names(found: Iterable[Line | AuditLog], role: Role) -> dict[tuple[str, UUID], known.Known]:
    records = set()
    for line in found:
        if line.resource_id is not None:
            records.add((line.resource_type, line.resource_id))
        if line.impersonator_user_id is not None:
            records.add(("user", line.impersonator_user_id))
    return known.find(records, role=role)


def thing(line: Line | AuditLog, names: Mapping[tuple[str, UUID], known.Known]) -> tuple[str, str | None]:
    """What it was done to, `Invoice HL-2026-000105`, and its page."""
    label = known.label(line.resource_type)
    if line.resource_id is None:
        return label, None
    found = names.get((line.resource_type, line.resource_id))
    return (label, None) if found is None else (f"{label} {found.name}".rstrip(), found.href)


@dataclass(frozen=True)
class Difference:
    """One field of a record, before and after."""

    field: str
    was: str | None
    now: str | None
    """None where it was not there."""

    @property
    def is_change(self) -> bool:
        """Whether it differs."""
        return self.was != self.now


@dataclass(frozen=True)
class Entry:
    """One row of the log, whole."""

    row: AuditLog
    who: str
    through: str
    what: str
    what_href: str | None
    ip: str
    user_agent: str
    is_erased: bool
    """Whether its personal part can never be read again."""
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    more: dict[str, Any]
    """What else was noted that is personal."""

    @property
    def differences(self) -> list[Difference]:
        """The fields of both states, those that changed first."""
        before, after = self.before or {}, self.after or {}
        fields = dict.fromkeys((*before, *after))
        made = [Difference(field, _shown(before, field), _shown(after, field)) for field in fields]
        return sorted(made, key=lambda one: not one.is_change)


_NOT_MORE = {"actor", "impersonator", "ip", "user_agent", "before", "after"}


def entry(row: AuditLog, *, role: Role) -> Entry:
    """The row with all that can still be read of it. Two queries."""
    personal = personals.read([row])[row.id]
    names = _names([row], role)
    what, href = thing(row, names)
    read = personal or {}
    return Entry(
        row, who(row, personal), through(row, personal, names), what, href,
        str(read.get("ip") or ""), str(read.get("user_agent") or ""), personal is None,
        together(row.state_before, read.get("before")), together(row.state_after, read.get("after")),
        {name: value for name, value in read.items() if name not in _NOT_MORE},
    )  # fmt: skip


def together(plain: Mapping[str, Any] | None, personal: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A state with the fields of it that are personal."""
    return None if plain is None and personal is None else {**(plain or {}), **(personal or {})}


def _shown(state: Mapping[str, Any], field: str) -> str | None:
    if field not in state:
        return None
    value = state[field]
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
