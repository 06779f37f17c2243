"""Customers and notes as JSON."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.features.accounts.models import Customer, CustomerNote
from app.features.accounts.notes import LONGEST
from app.kernel.schemas import Answer, Body, Line

Text = Annotated[str, Field(max_length=200)]
Words = Annotated[str, Field(min_length=1, max_length=LONGEST)]


class CustomerIn(Body):
    """A customer that staff enter, with its first person."""

    first_name: Line
    last_name: Text = ""
    email: Line
    company: Text = ""
    phone: Text = ""
    address_line: Text = ""
    postal_code: Text = ""
    city: Text = ""
    region: Text = ""
    country: Annotated[str, Field(max_length=2, examples=["DE"])] = ""
    tax_number: Text = ""
    currency: Annotated[str | None, Field(min_length=3, max_length=3, description="null = the tenant's.")] = None
    sends_link: Annotated[bool, Field(description="Whether a welcome with a link to set the password goes out.")] = (
        False
    )


class AccountChange(Body):
    """What is to change; what is absent stays."""

    name: Text = ""
    company: Text = ""
    phone: Text = ""
    address_line: Text = ""
    postal_code: Text = ""
    city: Text = ""
    region: Text = ""
    country: Annotated[str, Field(max_length=2)] = ""
    tax_number: Text = ""


class CustomerChange(AccountChange):
    """The same by staff, with the address that invoices go to."""

    email: Line = ""


class CustomerOut(Answer):
    """A customer, without money."""

    id: UUID
    name: str
    email: str
    company: str
    phone: str
    address_line: str
    postal_code: str
    city: str
    region: str
    country: str
    tax_number: str
    currency: str
    status: str
    created_at: datetime

    @classmethod
    def of(cls, customer: Customer) -> "CustomerOut":
        """`customer`, as it goes out."""
        return cls(**{name: getattr(customer, name) for name in cls.model_fields})


class NoteIn(Body):
    """A note of the staff."""

    text: Words
    pinned: bool = False


class NoteChange(Body):
    """What is to change; what is absent stays."""

    text: Words = ""
    pinned: bool = False


class NoteOut(Answer):
    """A note of the staff."""

    id: UUID
    text: str
    author_id: UUID | None
    pinned: bool
    created_at: datetime
    edited_at: datetime | None

    @classmethod
    def of(cls, note: CustomerNote) -> "NoteOut":
        """`note`, as it goes out."""
        return cls(
            id=note.id,
            text=note.text,
            author_id=note.author_id,
            pinned=note.pinned_at is not None,
            created_at=note.created_at,
            edited_at=note.edited_at,
        )
