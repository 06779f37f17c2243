"""Logins that end because of what happened to their person."""

from app.features.accounts.events import UserDeactivated, UserRemoved, UserRoleChanged
from app.features.sessions.models import UserSession
from app.features.sessions.service import end_where

REASONS = {
    UserRoleChanged: "another role",
    UserDeactivated: "access ended",
    UserRemoved: "access ended",
}


def on_access_changed(event: UserRoleChanged | UserDeactivated | UserRemoved) -> None:
    """End them all: what comes back with the access, or with another role, begins with a new login."""
    end_where(REASONS[type(event)], UserSession.user_id == event.user_id)
