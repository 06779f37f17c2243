"""The log as JSON."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from app.features.audit.listing import Line
from app.features.audit.models import AuditLog
from app.features.audit.personals import Personal
from app.features.audit.telling import Entry, who
from app.kernel.paging import PageQuery
from app.kernel.schemas import Answer, Query

Severity = Literal["info", "warning", "error", "critical"]


class Narrowed(Query):
    """What the log is narrowed by."""

    q: Annotated[
        str | None, Field(max_length=100, description="Beginnings of words of the description: action, type, id.")
    ] = None
    user: Annotated[UUID | None, Field(description="Who did it, or in whose place it was done.")] = None
    action: Annotated[
        str | None,
        Field(
            max_length=6100,
            pattern=r"^[A-Z][A-Z_]{2,59}(,[A-Z][A-Z_]{2,59}){0,99}$",
            description="One, or several between commas.",
        ),
    ] = None
    type: Annotated[str | None, Field(max_length=60, pattern=r"^[a-z][a-z0-9_]*$", examples=["invoice"])] = None
    id: Annotated[UUID | None, Field(description="Of the record it was done to.")] = None
    severity: Annotated[Severity | None, Field(description="At least so grave.")] = None
    first: Annotated[date | None, Field(alias="from", description="The first day, in the tenant's time zone.")] = None
    last: Annotated[date | None, Field(alias="to", description="The last day.")] = None
    gdpr: Annotated[bool, Field(description="Only what is relevant to GDPR.")] = False
    pci: Annotated[bool, Field(description="Only what is relevant to PCI.")] = False
    request: Annotated[str | None, Field(max_length=64, pattern=r"^[\w.:-]+$", description="The id of a request.")] = (
        None
    )

    def said(self) -> dict[str, str]:
        """The same as an address of the page says it."""
        given = {"from": self.first, "to": self.last, **{name: getattr(self, name) for name in _AS_THEY_ARE}}
        found = {name: str(value) for name, value in given.items() if value is not None}
        return found | {name: "1" for name in ("gdpr", "pci") if getattr(self, name)}


_AS_THEY_ARE = ("q", "user", "action", "type", "id", "severity", "request")


class LogQuery(Narrowed, PageQuery):
    """One page of the log."""


class ExportQuery(Narrowed):
    """A file of the log."""

    kind: Annotated[Literal["csv", "json"], Field(alias="as", description="The kind of file.")] = "csv"


class RowOut(Answer):
    """One row of the log, as lists show it."""

    id: UUID
    created_at: datetime
    action: str
    severity: str
    resource_type: str
    resource_id: UUID | None
    actor: Annotated[str, Field(description="The name that was written down then.")]
    actor_user_id: UUID | None
    actor_key_id: UUID | None
    impersonator: Annotated[str | None, Field(description="The member of staff who acted in that person's place.")]
    impersonator_user_id: UUID | None
    request_id: str | None
    is_gdpr: bool
    is_pci: bool
    is_erased: Annotated[bool, Field(description="Whether its personal part can never be read again.")]

    @classmethod
    def of(cls, line: Line, personal: Personal | None, impersonator: str) -> "RowOut":
        """The row with what can be read of its personal part."""
        return cls(**_plain(line, personal, impersonator))


class WholeRowOut(RowOut):
    """One row of the log, whole."""

    description: str
    address: str | None
    user_agent: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None

    @classmethod
    def whole(cls, entry: Entry) -> "WholeRowOut":
        """The row as its page shows it."""
        read = None if entry.is_erased else {"actor": entry.who}
        return cls(
            **_plain(entry.row, read, entry.through),
            description=entry.row.description,
            address=entry.ip or None,
            user_agent=entry.user_agent or None,
            before=entry.before,
            after=entry.after,
        )


def _plain(line: Line | AuditLog, personal: Personal | None, impersonator: str) -> dict[str, Any]:
    names = ("id", "created_at", "action", "severity", "resource_type", "resource_id", "actor_user_id", "actor_key_id",
             "impersonator_user_id", "is_gdpr", "is_pci")  # fmt: skip
    return {
        **{name: getattr(line, name) for name in names},
        "actor": who(line, personal),
        "impersonator": impersonator or None,
        "request_id": line.request_id or None,
        "is_erased": personal is None,
    }
