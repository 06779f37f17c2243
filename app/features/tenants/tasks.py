"""Hearing that settings were changed by another process."""

from app.features.tenants import mailing
from app.features.tenants.service import BELL
from app.kernel import jobs


@jobs.bell(BELL)
def forget() -> None:
    """Drop what this process remembers of tenants, so that the next mail leaves as was just set."""
    mailing.forget()
