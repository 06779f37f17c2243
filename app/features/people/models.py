"""Invitations: somebody is asked to work here, or to join a customer's account."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.features.accounts.models import MailedLink
from app.kernel.access import Role
from app.kernel.columns import Code
from app.kernel.tenancy import TenantRecord, tenant_key

_OPEN = "used_at IS NULL AND revoked_at IS NULL"
_OPEN_STAFF, _OPEN_CUSTOMER = (
    sa.text(f"{_OPEN} AND customer_id IS NULL"),
    sa.text(f"{_OPEN} AND customer_id IS NOT NULL"),
)


class Invitation(MailedLink, TenantRecord):
    """One address that is asked to come in with a role. `used_at` is when it was accepted, `revoked_at` withdrawn."""

    __tablename__ = "invitations"
    __table_args__ = (
        sa.UniqueConstraint("token_hash"),
        sa.CheckConstraint("role BETWEEN 1 AND 5", name="role"),
        sa.Index("ix_invitations_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_invitations_address", "tenant_id", "email_key"),
        sa.Index(
            "ix_invitations_open_staff", "tenant_id", "email_key", unique=True,
            sqlite_where=_OPEN_STAFF, postgresql_where=_OPEN_STAFF,
        ),
        sa.Index(
            "ix_invitations_open_customer", "tenant_id", "customer_id", "email_key", unique=True,
            sqlite_where=_OPEN_CUSTOMER, postgresql_where=_OPEN_CUSTOMER,
        ),
    )  # fmt: skip
    link_purpose = "invitation"
    link_path = "/invitation"

    email: Mapped[str]
    email_key: Mapped[str] = mapped_column(Code())
    """The same normalised."""
    customer_id: Mapped[UUID | None] = tenant_key("customers", nullable=True)
    """Whose account it is to; None is the staff."""
    role: Mapped[int]
    invited_by: Mapped[UUID] = tenant_key("users")
    """Who answers for it: who made it, or sent it again last. It is worth what they may grant when it is accepted."""
    accepted_by: Mapped[UUID | None] = tenant_key("users", nullable=True)
    """The person that it became."""
    times_sent: Mapped[int] = mapped_column(default=1)

    @property
    def granted(self) -> Role:
        """The role that it gives."""
        return Role(self.role)
