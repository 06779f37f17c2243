"""Somebody opens an account by themselves: asked for by anybody, made when the address has proved itself."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from app.features.accounts import agreements, links
from app.features.accounts.addresses import clean_email, limiter_key
from app.features.accounts.events import CustomerSignedUp, SignUpRequested
from app.features.accounts.models import Customer, SignUp, User
from app.features.accounts.profile import check_person
from app.features.accounts.service import Attribution, EmailTaken, is_email_taken, register
from app.features.tenants import service as tenants
from app.kernel import clock, crypto, db, limits
from app.kernel.access import Role
from app.kernel.errors import Forbidden, Invalid, TooMany
from app.kernel.events import publish

LASTS = timedelta(hours=24)
"""How long the link works, counted from its delivery."""
KEPT = timedelta(days=7)
"""How long a sign-up that nobody confirms is remembered."""
MAILS_PER_ADDRESS = "3/hour"
"""Mails beyond these are dropped without a word."""
SOURCE = "sign-up"
"""What stands at the customer as where they came from."""


class SignUpClosed(Forbidden):
    """The house opens accounts for its customers itself: 403."""

    code, text = "sign_up_closed", "Accounts are not opened by oneself here. Write to us, and we open yours."


def check_open() -> None:
    """That anybody can open an account.

    Raises:
        SignUpClosed: the tenant has closed it.
    """
    if not tenants.current().sign_up_open:
        raise SignUpClosed()


def request(*, email: str, first_name: str, last_name: str, company: str, terms_version: str, wants_news: bool) -> None:
    """Note the wish and want the mail. Takes the same way whoever the address belongs to.

    Raises:
        SignUpClosed: the tenant has closed it.
        Invalid: names the fields that cannot be so; `accepts` when the terms were not accepted.
        OtherTerms: they changed while the page was open.
    """
    check_open()
    address = clean_email(email)
    names = check_person(first_name=first_name, last_name=last_name, company=company)
    if terms_version != tenants.current().terms_version:
        raise agreements.OtherTerms()
    try:
        limits.hit(MAILS_PER_ADDRESS, "sign-up-mail-to", limiter_key(address))
    except TooMany:
        return
    finally:
        limits.forget_tightest()  # no header tells how often an address was asked for
    tenants.locked()  # one after another: else of two that come at once neither would end the other's link
    links.revoke(SignUp, SignUp.email_key == address.lower())  # the newest link of an address alone works
    row = links.make(
        SignUp,
        LASTS,
        email=address,
        email_key=address.lower(),
        terms_version=terms_version,
        wants_news=wants_news,
        **names,
    )
    publish(SignUpRequested(row.id))


def find(token: str) -> SignUp | None:
    """The open sign-up behind `token`; None too where somebody has the address meanwhile."""
    row = db.session().scalars(sa.select(SignUp).where(SignUp.token_hash == crypto.digest(token))).one_or_none()
    if row is None or not row.is_open(clock.now()) or is_email_taken(row.email):
        return None
    return row


def person_of(row: SignUp) -> User:
    """Who it will be, not yet written: what a password is held against."""
    return User(email=row.email, email_key=row.email_key, first_name=row.first_name, last_name=row.last_name)


def confirm(row: SignUp, password_hash: str) -> tuple[Customer, User]:
    """Make the account: the address has proved itself, and whoever reads its mail has chosen the password.

    Hash before the transaction begins.

    Raises:
        LinkSpent: somebody was faster, it has run out, or the address has an account.
    """
    links.use(row)
    try:
        customer, user = register(
            email=row.email,
            first_name=row.first_name,
            last_name=row.last_name,
            company=row.company,
            role=Role.OWNER,
            attribution=Attribution(marketing_source=SOURCE),
            password_hash=password_hash,
        )
    except EmailTaken as taken:
        raise links.LinkSpent() from taken
    user.email_verified_at = clock.now()
    if row.terms_version:
        agreements.keep_acceptance(user, row.terms_version, where="sign-up", at=row.created_at)
    if row.wants_news:
        agreements.choose_news(user, wanted=True, where="sign-up", at=row.created_at)
    publish(CustomerSignedUp(customer.id, user.email, customer.marketing_source))
    return customer, user


def remove_old(at: datetime) -> int:
    """Forget what was never confirmed, and what has become an account, after a week; returns how many."""
    gone = sa.delete(SignUp).where(SignUp.created_at <= at - KEPT).returning(SignUp.id)
    return len(db.session().execute(gone.execution_options(synchronize_session=False)).all())


__all__ = ["Invalid", "SignUpClosed", "check_open", "confirm", "find", "person_of", "remove_old", "request"]
