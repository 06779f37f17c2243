"""What a tenant said about its look."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel import clock
from app.kernel.tenancy import TenantRecord


class BrandingConfiguration(TenantRecord):
    """A tenant's brand. Colours are `#rrggbb`; what is unknown is empty."""

    __tablename__ = "branding_configurations"
    __table_args__ = (sa.UniqueConstraint("tenant_id"),)

    company_name: Mapped[str]
    tagline: Mapped[str] = mapped_column(default="")
    primary: Mapped[str] = mapped_column(sa.String(7))
    secondary: Mapped[str] = mapped_column(sa.String(7))
    accent: Mapped[str] = mapped_column(sa.String(7))
    support_email: Mapped[str] = mapped_column(default="")
    support_phone: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    terms_url: Mapped[str] = mapped_column(default="")
    privacy_url: Mapped[str] = mapped_column(default="")
    changed_at: Mapped[datetime] = mapped_column(default=clock.now)
