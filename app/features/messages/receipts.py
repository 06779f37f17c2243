"""The receipt of every payment, to those of the account who see its money."""

import sqlalchemy as sa

from app.features.accounts.models import User
from app.features.messages import service as messages
from app.features.payments.events import PaymentSucceeded
from app.kernel import db
from app.kernel.access import Role

NAME = "payment_received"


def payment_received(event: PaymentSucceeded) -> None:
    """Thank for a payment, once; where it was more than was asked for, the same mail says that it is kept as credit."""
    people = sa.select(User).where(
        User.customer_id == event.customer_id, User.customer_role >= Role.BILLING, User.disabled_at.is_(None)
    )
    for user in db.session().scalars(people):
        messages.queue(NAME, to_user=user, subject_type="payment", subject_id=event.payment_id, fact=event.payment_id)
