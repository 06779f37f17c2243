"""Addresses that are nobody's and yet not free: given up for another, and still to be had back."""

from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.links import unused
from app.features.accounts.models import EmailChange, EmailUndo
from app.kernel import clock, db


def is_reserved(email_key: str, *, but_for: UUID | None = None) -> bool:
    """Whether somebody who had this address, other than `but_for`, may still come back to it."""
    kept = (
        sa.select(EmailChange.id)
        .join(EmailUndo, EmailUndo.change_id == EmailChange.id)
        .where(
            EmailChange.old_key == email_key,
            EmailChange.used_at.is_not(None),
            EmailChange.undone_at.is_(None),
            unused(EmailUndo),
            EmailUndo.expires_at > clock.now(),
        )
    )
    if but_for is not None:
        kept = kept.where(EmailChange.user_id != but_for)
    return db.session().execute(kept.limit(1)).first() is not None
