"""Customers, the people who sign in, and their one-time password links."""

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.access import Role
from app.kernel.columns import Code
from app.kernel.outbox import OutboxMixin
from app.kernel.tenancy import TenantRecord, tenant_key

STATUSES = ("active", "closed")


class Customer(TenantRecord):
    """A billing account. Several people can belong to it."""

    __tablename__ = "customers"
    __table_args__ = (
        sa.CheckConstraint("status IN ('active', 'closed')", name="status"),
        sa.CheckConstraint("credit_minor >= 0", name="credit"),
        sa.Index("ix_customers_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_customers_search", "tenant_id", "search_key", "id"),
        sa.Index("ix_customers_status", "tenant_id", "status", "created_at", "id"),
        sa.Index("ix_customers_status_name", "tenant_id", "status", "search_key", "id"),
        sa.Index("ix_customers_source", "tenant_id", "marketing_source", "created_at", "id"),
        sa.Index("ix_customers_country", "tenant_id", "country", "created_at", "id"),
    )

    name: Mapped[str]
    """The contact's name."""
    email: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    company: Mapped[str] = mapped_column(default="")
    address_line: Mapped[str] = mapped_column(default="")
    city: Mapped[str] = mapped_column(default="")
    region: Mapped[str] = mapped_column(default="")
    postal_code: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="")
    """Two letters (ISO 3166-1), or empty."""
    currency: Mapped[str] = mapped_column(sa.String(3))
    tax_number: Mapped[str] = mapped_column(default="")
    credit_minor: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(default="active")
    marketing_source: Mapped[str] = mapped_column(default="")
    utm_campaign: Mapped[str] = mapped_column(default="")
    utm_source: Mapped[str] = mapped_column(default="")
    utm_medium: Mapped[str] = mapped_column(default="")
    utm_content: Mapped[str] = mapped_column(default="")
    utm_term: Mapped[str] = mapped_column(default="")
    search_key: Mapped[str] = mapped_column(Code())
    """Title, name and e-mail in lower case: what the list is sorted by."""
    closed_at: Mapped[datetime | None]
    """Since when it is closed, where that is known."""
    erased_at: Mapped[datetime | None]
    """When its people asked to be forgotten and were."""
    merged_at: Mapped[datetime | None]
    """Since when it is another customer's alias (`CustomerAlias`): closed for good, and in no list."""

    @property
    def title(self) -> str:
        """What lists call it: the company, else the person."""
        return self.company or self.name

    @property
    def is_active(self) -> bool:
        """Whether its people may sign in and buy."""
        return self.status == "active"

    @property
    def texts(self) -> tuple[str, ...]:
        """What it is found by."""
        return self.company, self.name, self.email

    def refresh_search_key(self) -> None:
        """Bring `search_key` in step with the fields it is made of."""
        self.search_key = f"{self.title} {self.name} {self.email}".lower()


class CustomerAlias(TenantRecord):
    """A customer that was merged into another one: what cannot be moved still bears its id, and is the kept one's."""

    __tablename__ = "customer_aliases"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "merged_id"),)

    merged_id: Mapped[UUID] = tenant_key("customers", index=False, stays=True)
    kept_id: Mapped[UUID] = tenant_key("customers")
    """Never merged itself: when it is, this row moves on with all that is its own."""


class User(TenantRecord):
    """A person who signs in: staff, or one of a customer's people, never both."""

    __tablename__ = "users"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "email_key", name="uq_users_email"),
        sa.CheckConstraint("(staff_role IS NULL) <> (customer_role IS NULL)", name="one_side"),
        sa.CheckConstraint("(customer_role IS NULL) = (customer_id IS NULL)", name="customer"),
        sa.CheckConstraint("staff_role BETWEEN 1 AND 5", name="staff_role"),
        sa.CheckConstraint("customer_role BETWEEN 1 AND 5", name="customer_role"),
        sa.Index("ix_users_staff", "tenant_id", "staff_role"),
        sa.Index(
            "ix_users_staff_newest", "tenant_id", "created_at", "id",
            sqlite_where=sa.text("staff_role IS NOT NULL"), postgresql_where=sa.text("staff_role IS NOT NULL"),
        ),
    )  # fmt: skip

    email: Mapped[str]
    """As typed, with the domain in ASCII."""
    email_key: Mapped[str]
    """The same normalised (`service.normalise_email`): one person, one key."""
    first_name: Mapped[str] = mapped_column(default="")
    last_name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str | None]
    password_set_at: Mapped[datetime | None]
    staff_role: Mapped[int | None]
    customer_id: Mapped[UUID | None] = tenant_key("customers", nullable=True)
    customer_role: Mapped[int | None]
    email_verified_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    """Since when this person may not sign in."""
    removed_at: Mapped[datetime | None]
    """Since when this person belongs here no longer. The row stays, for histories; its address is free again."""
    last_sign_in_at: Mapped[datetime | None]
    terms_version: Mapped[str] = mapped_column(default="")
    """The version of the terms that this person accepted last; when is in `consents`."""

    @property
    def name(self) -> str:
        """First and last name, or the e-mail where there is none."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def texts(self) -> tuple[str, ...]:
        """What this person is found by."""
        return self.first_name, self.last_name, self.email

    @property
    def is_staff(self) -> bool:
        """Whether this person works here."""
        return self.staff_role is not None

    @property
    def role(self) -> Role:
        """The role on the side this person is on."""
        return Role(self.staff_role or self.customer_role or Role.VIEWER)


class MailedLink:
    """A one-time link that lets somebody in. The token is computed from the id; only its hash is in the row."""

    link_purpose: ClassVar[str]
    """What the token is good for: no link of one kind opens another."""
    link_path: ClassVar[str]
    """The page that it leads to."""

    if TYPE_CHECKING:  # of the record that the mixin is of
        id: Mapped[UUID]
    token_hash: Mapped[bytes]
    lasts_seconds: Mapped[int]
    """How long it works, counted from its delivery (from its making until then)."""
    expires_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    def is_open(self, at: datetime) -> bool:
        """Whether it would still let somebody in at that moment."""
        return self.used_at is None and self.revoked_at is None and self.expires_at > at


class PasswordToken(MailedLink, TenantRecord):
    """A link to set a password."""

    __tablename__ = "password_reset_tokens"
    __table_args__ = (
        sa.UniqueConstraint("token_hash"),
        sa.CheckConstraint("purpose IN ('reset', 'first')", name="purpose"),
    )
    link_purpose = "password"
    link_path = "/set-password"

    user_id: Mapped[UUID] = tenant_key("users")
    purpose: Mapped[str]


class CustomerNote(TenantRecord):
    """What the staff tell each other about a customer. Customers never see it."""

    __tablename__ = "customer_notes"
    __table_args__ = (sa.Index("ix_customer_notes_newest", "tenant_id", "customer_id", "created_at", "id"),)

    customer_id: Mapped[UUID] = tenant_key("customers", index=False)
    author_id: Mapped[UUID | None] = tenant_key("users", nullable=True)
    text: Mapped[str]
    pinned_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]


class SignUp(MailedLink, TenantRecord):
    """Somebody wants an account. Nothing else is made of it until the address has proved itself by the link.

    Written for any address, so that neither the answer nor its time tells
    whether somebody has it; that is found out when the mail is drawn.
    """

    __tablename__ = "sign_ups"
    __table_args__ = (
        sa.UniqueConstraint("token_hash"),
        sa.Index("ix_sign_ups_address", "tenant_id", "email_key"),
        sa.Index("ix_sign_ups_newest", "tenant_id", "created_at"),
    )
    link_purpose = "sign-up"
    link_path = "/sign-up/confirmation"

    email: Mapped[str]
    email_key: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str] = mapped_column(default="")
    company: Mapped[str] = mapped_column(default="")
    terms_version: Mapped[str] = mapped_column(default="")
    """What was accepted; empty where there were no terms."""
    wants_news: Mapped[bool] = mapped_column(default=False)


class EmailChange(MailedLink, TenantRecord):
    """Somebody wants to sign in by another address: the link that the new one has to confirm."""

    __tablename__ = "email_changes"
    __table_args__ = (
        sa.UniqueConstraint("token_hash"),
        sa.Index("ix_email_changes_old", "tenant_id", "old_key"),
    )
    link_purpose = "email-change"
    link_path = "/confirm-email"

    user_id: Mapped[UUID] = tenant_key("users")
    old_email: Mapped[str]
    old_key: Mapped[str]
    new_email: Mapped[str]
    undone_at: Mapped[datetime | None]


class EmailUndo(MailedLink, TenantRecord):
    """The way back for the old address: stops a change that was asked for, and undoes one that was made."""

    __tablename__ = "email_undos"
    __table_args__ = (sa.UniqueConstraint("token_hash"),)
    link_purpose = "email-undo"
    link_path = "/undo-email"

    change_id: Mapped[UUID] = tenant_key("email_changes")


class TermsVersion(TenantRecord):
    """The terms as they were published once. Never changed, so that what somebody accepted can be shown."""

    __tablename__ = "terms_versions"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "version"),)

    version: Mapped[str] = mapped_column(sa.String(40))
    text: Mapped[str] = mapped_column(default="")
    url: Mapped[str] = mapped_column(default="")
    """Where they stand, when not here."""
    published_by: Mapped[UUID | None] = tenant_key("users", nullable=True)


class Consent(TenantRecord):
    """Somebody agreed to something, and perhaps took it back."""

    __tablename__ = "consents"
    __table_args__ = (sa.CheckConstraint("kind IN ('terms', 'marketing')", name="kind"),)

    user_id: Mapped[UUID] = tenant_key("users")
    kind: Mapped[str] = mapped_column(sa.String(20))
    version: Mapped[str] = mapped_column(sa.String(40), default="")
    """Of the terms."""
    given_at: Mapped[datetime]
    given_where: Mapped[str] = mapped_column(sa.String(20))
    """`sign-up`, `sign-in`, `account`."""
    withdrawn_at: Mapped[datetime | None]


class PasswordRequest(TenantRecord, OutboxMixin):
    """Somebody asked for a password link for an address.

    Written for any address and looked up by the worker alone, so that neither the answer nor its time tells whether
    the address has an account. The row goes as soon as it has been seen to.
    """

    __tablename__ = "password_requests"

    email_key: Mapped[str]
    is_staff: Mapped[bool]
    """Asked at the staff's door: only staff are meant."""
