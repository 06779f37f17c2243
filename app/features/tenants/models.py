"""One table: the brands of this installation."""

from datetime import datetime

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

    legal_name: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    tax_number: Mapped[str] = mapped_column(default="")
    currency: Mapped[str] = mapped_column(sa.String(3), default="USD")
    time_zone: Mapped[str] = mapped_column(default="UTC")
    locale: Mapped[str] = mapped_column(default="en")
    number_prefix: Mapped[str] = mapped_column(default="MP")
    """In front of its invoice numbers: `MP-2026-000001`."""

    @property
    def is_suspended(self) -> bool:
        """Whether the operator has switched it off."""
        return self.suspended_at is not None
