"""What accounts hold about customers and people, and making both unknown."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import (
    Consent,
    Customer,
    CustomerAlias,
    CustomerNote,
    EmailChange,
    EmailUndo,
    PasswordRequest,
    PasswordToken,
    SignUp,
    User,
)
from app.kernel import clock, db, terms
from app.kernel.personal import Held, Whose

NOBODY = "erased@erased.invalid"
"""An address that reaches nobody (RFC 2606)."""


def addresses_of(user_id: UUID) -> sa.Select[str]:
    """The addresses that the person signs in by and once did, but for those that somebody else has by now."""
    former = sa.select(EmailChange.old_key).where(EmailChange.user_id == user_id, EmailChange.used_at.is_not(None))
    others = sa.select(User.email_key).where(User.id != user_id)
    keys = sa.union(sa.select(User.email_key).where(User.id == user_id), former).subquery()
    return sa.select(keys.c.email_key).where(keys.c.email_key.not_in(others))


def _by_address(column: Any) -> Whose:
    """Rows that hold an address in place of a person."""
    return lambda who: column.in_(addresses_of(who))


HELD = (
    Held("notes", CustomerNote, of_customer=lambda who: CustomerNote.customer_id == who, removed=True),
    # By address: before it is forgotten which ones the person had.
    Held(
        "sign_up",
        SignUp,
        ("email", "first_name", "last_name", "company", "terms_version", "wants_news", "created_at", "used_at"),
        of_person=_by_address(SignUp.email_key),
        removed=True,
    ),
    Held(
        "password_requests",
        PasswordRequest,
        of_person=_by_address(PasswordRequest.email_key),
        removed=True,
    ),
    Held(
        "email_undos",
        EmailUndo,
        of_person=lambda who: EmailUndo.change_id.in_(sa.select(EmailChange.id).where(EmailChange.user_id == who)),
        removed=True,
    ),
    Held(
        "email_changes",
        EmailChange,
        ("old_email", "new_email", "created_at", "used_at", "undone_at"),
        of_person=lambda who: EmailChange.user_id == who,
        removed=True,
    ),
    Held(
        "consents",
        Consent,
        ("kind", "version", "given_at", "given_where", "withdrawn_at"),
        of_person=lambda who: Consent.user_id == who,
        kept="It proves what was agreed to and when, and names nobody.",
    ),
    Held(
        "password_links",
        PasswordToken,
        ("purpose", "created_at", "delivered_at", "used_at"),
        of_person=lambda who: PasswordToken.user_id == who,
        kept="It holds the fingerprint of a link that opens nothing any more.",
    ),
    Held(
        "person",
        User,
        (
            "email", "first_name", "last_name", "staff_role", "customer_role", "created_at", "email_verified_at",
            "password_set_at", "last_sign_in_at", "disabled_at", "removed_at",
        ),
        of_person=lambda who: User.id == who,
        by_room=True,
    ),
    Held(
        "merged",
        CustomerAlias,
        ("merged_id", "kept_id", "created_at"),
        of_customer=lambda who: CustomerAlias.merged_id == who,
        kept="It says whose the invoices of a customer are that was merged, and names nobody.",
    ),
    Held(
        "customer",
        Customer,
        (
            "name", "email", "phone", "company", "address_line", "city", "region", "postal_code", "country", "currency",
            "tax_number", "credit_minor", "status", "marketing_source", "utm_campaign", "utm_source", "utm_medium",
            "utm_content", "utm_term", "created_at",
        ),
        of_customer=lambda who: Customer.id == who,
        by_room=True,
    ),
)  # fmt: skip


def people_of(customer_id: UUID) -> list[UUID]:
    """Everybody who signs in for this customer, or once did."""
    return list(db.session().scalars(sa.select(User.id).where(User.customer_id == customer_id).order_by(User.id)))


def erase_customer(customer_id: UUID) -> None:
    """Make the account unknown and closed. Currency, country and where it came from stay, for the figures."""
    now = clock.now()
    blank = dict.fromkeys(("phone", "company", "address_line", "city", "region", "postal_code", "tax_number"), "")
    db.session().execute(
        sa.update(Customer)
        .where(Customer.id == customer_id)
        .values(
            name="Erased customer",
            email=NOBODY,
            status="closed",
            closed_at=sa.func.coalesce(Customer.closed_at, now),
            search_key=f"erased customer {customer_id}",
            erased_at=now,
            **blank,
        )
    )
    terms.keep("customer", customer_id, ())


def erase_person(user_id: UUID) -> None:
    """Make somebody unknown, who signs in nowhere any more."""
    now = clock.now()
    db.session().execute(
        sa.update(User)
        .where(User.id == user_id)
        .values(
            email=NOBODY,
            email_key=f"erased-{user_id}@erased.invalid",
            first_name="Erased",
            last_name="person",
            password_hash=None,
            disabled_at=sa.func.coalesce(User.disabled_at, now),
            removed_at=sa.func.coalesce(User.removed_at, now),
        )
    )
    terms.keep("user", user_id, ())
