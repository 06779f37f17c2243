"""Logins that end because of what happened to their person."""

import sqlalchemy as sa

from app.features.accounts.events import (
    CustomerClosed,
    EmailChangeUndone,
    UserDeactivated,
    UserRemoved,
    UserRoleChanged,
)
from app.features.accounts.models import User
from app.features.sessions.models import UserSession
from app.features.sessions.service import end_where

REASONS = {
    UserRoleChanged: "another role",
    UserDeactivated: "access ended",
    UserRemoved: "access ended",
    EmailChangeUndone: "change of address undone",
}


def on_access_changed(event: UserRoleChanged | UserDeactivated | UserRemoved | EmailChangeUndone) -> None:
    """End them all: what comes back with the access, or with another role, begins with a new login."""
    end_where(REASONS[type(event)], UserSession.user_id == event.user_id)


def on_customer_closed(event: CustomerClosed) -> None:
    """End those of everybody who belongs to it."""
    people = sa.select(User.id).where(User.customer_id == event.customer_id)
    end_where("account closed", UserSession.user_id.in_(people))
