"""One login, made through the service."""

from app.features.accounts.models import User
from app.features.accounts.specimen import Account
from app.features.sessions import service
from app.features.sessions.models import UserSession

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0"


def make(user: User) -> tuple[UserSession, str]:
    """A login of `user`, and its token."""
    return service.start(user, ip="198.51.100.7", user_agent=FIREFOX)


def of_account(account: Account, _tag: str) -> None:
    """A second device of everybody in it."""
    for user in account.people.values():
        make(user)
