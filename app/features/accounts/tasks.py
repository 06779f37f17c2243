"""Password links that people have asked for, and links that are over."""

import sqlalchemy as sa

from app.features.accounts import requests
from app.features.accounts.models import PasswordRequest
from app.kernel import db, jobs, outbox
from app.kernel.outbox import Claimed


@jobs.bell("password-requests")
def answer_requests() -> None:
    """See to everybody who has asked for a link."""
    outbox.drain(PasswordRequest, _answer)


def _answer(row: Claimed) -> None:
    with db.transaction() as session:
        request = session.get_one(PasswordRequest, row.id)
        email_key, is_staff = request.email_key, request.is_staff
        if not outbox.finish(row):
            return
        session.execute(sa.delete(PasswordRequest).where(PasswordRequest.id == row.id))
        requests.answer_request(email_key, is_staff=is_staff)
