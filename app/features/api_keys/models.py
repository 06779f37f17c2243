"""Keys of programs, and what each call with one was."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import clock
from app.kernel.tenancy import TenantRecord, tenant_key

KINDS = {"marketing": "mk_", "api": "mpanel_"}
"""The two kinds of key and how each begins."""

SCOPES = ("marketing", "admin", "webhook")
"""What a key may be allowed."""

COLLECTED = "collected"
"""Said of a key whose holder has taken the money before it posts a sale."""


class ApiKey(TenantRecord):
    """One program's key. The key itself is shown once; only its SHA-256 is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("kind IN ('marketing', 'api')", name="kind"),
        CheckConstraint("hourly_limit > 0", name="hourly_limit"),
        CheckConstraint(f"payments IN ('', '{COLLECTED}')", name="payments"),
        UniqueConstraint("key_hash"),
        Index("ix_api_keys_page", "tenant_id", "created_at", "id"),
    )

    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(20))
    """What staff recognise it by: how it begins, and four characters more."""
    key_hash: Mapped[bytes]
    scopes: Mapped[list[str]]
    hourly_limit: Mapped[int]
    payments: Mapped[str] = mapped_column(String(16), default="")
    """`collected`: what is sold with it counts as paid. Empty: it waits for payment."""
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    created_by: Mapped[UUID | None]
    """Who answers for it: who made it, or took it over. A plain id: the key outlives them. None: the command line."""

    @property
    def is_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= clock.now()

    @property
    def is_usable(self) -> bool:
        """Whether it opens anything now."""
        return self.revoked_at is None and not self.is_expired


class ApiActivity(TenantRecord):
    """One request to `/api/...`, whatever its answer. `created_at` is when it was answered."""

    __tablename__ = "api_activity_logs"
    __table_args__ = (
        Index("ix_api_activity_logs_page", "tenant_id", "api_key_id", "created_at", "id"),
        Index("ix_api_activity_logs_moment", "tenant_id", "created_at", "id"),
    )

    api_key_id: Mapped[UUID | None] = tenant_key("api_keys", nullable=True, index=False)
    user_id: Mapped[UUID | None]
    """Whose login it was, as a plain id: the log outlives people."""
    method: Mapped[str] = mapped_column(String(10))
    route: Mapped[str] = mapped_column(String(300))
    """The route's pattern, without the ids of the call."""
    status: Mapped[int] = mapped_column(SmallInteger)
    milliseconds: Mapped[int]
    request_id: Mapped[str] = mapped_column(String(64))
    personal: Mapped[bytes | None]
    """Address and user agent, encrypted with the key of whose login or key it was, else of the tenant."""
    personal_key_id: Mapped[UUID | None]
