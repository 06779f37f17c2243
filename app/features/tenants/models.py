"""One table: the brands of this installation."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Record


class Tenant(Record):
    """One brand: the hosting company itself (the operator), or a reseller's.

    Its settings are columns here: they are read with it at every request.
    """

    __tablename__ = "tenants"
    __table_args__ = (
        sa.UniqueConstraint("slug"),
        sa.UniqueConstraint("domain"),
        sa.Index(
            "uq_tenants_operator",
            "is_operator",
            unique=True,
            sqlite_where=sa.text("is_operator = 1"),
            postgresql_where=sa.text("is_operator"),
        ),
    )

    slug: Mapped[str]
    name: Mapped[str]
    is_operator: Mapped[bool] = mapped_column(default=False)
    domain: Mapped[str | None]
    """Its own host name, lower case, without port. Serves the portal only once verified."""
    domain_verified_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    suspension_note: Mapped[str] = mapped_column(default="")
    """What its people read while it is suspended, besides the house's own words."""
    closed_at: Mapped[datetime | None]
    """When the operator closed it. Until `lifecycle.KEPT` has passed it can be opened again."""
    erased_at: Mapped[datetime | None]
    """When its people were erased. Nothing opens it again; lawful records stay."""

    legal_name: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    tax_number: Mapped[str] = mapped_column(default="")
    currency: Mapped[str] = mapped_column(sa.String(3), default="USD")
    time_zone: Mapped[str] = mapped_column(default="UTC")
    locale: Mapped[str] = mapped_column(default="en")
    number_prefix: Mapped[str] = mapped_column(default="MP")
    """In front of its invoice numbers: `MP-2026-000001`."""

    sandbox_enabled: Mapped[bool] = mapped_column(default=False)
    """Whether invoices can be paid with pretended money, for demos and trials."""
    bank_enabled: Mapped[bool] = mapped_column(default=False)
    bank_details: Mapped[str] = mapped_column(default="")
    """Where a bank transfer goes, as customers read it."""
    callback_secret_sealed: Mapped[bytes | None]
    """What signs the generic payment callback; see `callbacks`."""
    callback_secret_at: Mapped[datetime | None]
    """When that secret was made or last replaced."""

    smtp_url_sealed: Mapped[bytes | None]
    """Its own mail server with the password, sealed; None: the installation's (`SMTP_URL`)."""
    mail_name: Mapped[str] = mapped_column(default="")
    """The sender's name; empty: the brand's."""
    mail_from: Mapped[str] = mapped_column(default="")
    """The sender's address; empty: the installation's (`MAIL_FROM`)."""
    departments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The address of each department that has one: `sales`, `support`, ..."""

    keep_mails_days: Mapped[int | None]
    """How long mails that are settled are kept; None: for good."""
    keep_closed_days: Mapped[int | None]
    """After so long customers that closed are erased by themselves; None: never."""
    sign_up_open: Mapped[bool] = mapped_column(default=True)
    """Whether anybody can open a customer account at `/sign-up`."""
    terms_version: Mapped[str] = mapped_column(default="")
    """The version of the terms that customers have to accept; empty: none."""
    terms_published_at: Mapped[datetime | None]
    """Since when. Who signs in after that is asked, once."""

    audit_kept_years: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """How long its audit log is kept; None: for ever."""
    api_log_kept_days: Mapped[int] = mapped_column(sa.SmallInteger, default=90)
    """How long the log of its API requests is kept."""

    @property
    def is_suspended(self) -> bool:
        """Whether the operator has switched it off for now."""
        return self.suspended_at is not None

    @property
    def is_closed(self) -> bool:
        """Whether the operator has closed it."""
        return self.closed_at is not None

    @property
    def state(self) -> str:
        """`open`, `suspended`, `closed` or `erased`."""
        if self.erased_at is not None:
            return "erased"
        if self.is_closed:
            return "closed"
        return "suspended" if self.is_suspended else "open"
