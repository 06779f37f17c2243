"""The terms: published once a version, accepted by people, never changed. And the consent to news, given apart."""

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Consent, TermsVersion, User
from app.features.audit import service as audit
from app.features.tenants import service as tenants
from app.kernel import clock, db
from app.kernel.errors import Conflict, Invalid
from app.kernel.ids import new_id

LONGEST = 200_000
"""Characters of a text."""
_VERSION = re.compile(r"[\w][\w .,:/-]{0,39}")


class OtherTerms(Conflict):
    """What was on the screen is no longer what holds: 409."""

    code, text = "other_terms", "The terms have changed meanwhile. Read them once more."


def current() -> TermsVersion | None:
    """The terms that hold; None where there are none."""
    version = tenants.current().terms_version
    if not version:
        return None
    return db.session().scalars(sa.select(TermsVersion).where(TermsVersion.version == version)).one_or_none()


def versions() -> Sequence[TermsVersion]:
    """Everything that was ever published, the newest first."""
    newest = sa.select(TermsVersion).order_by(TermsVersion.created_at.desc(), TermsVersion.id.desc())
    return db.session().scalars(newest.limit(50)).all()


def paragraphs(terms: TermsVersion) -> list[str]:
    """The text in parts, as empty lines divide it."""
    return [part.strip() for part in re.split(r"\n\s*\n", terms.text.replace("\r\n", "\n")) if part.strip()]


def publish(version: str, *, text: str, url: str, user_id: UUID | None) -> TermsVersion:
    """Let these be the terms from now on: whoever signs in is asked to accept them.

    Raises:
        Invalid: names `version`, `text` or `url`.
    """
    version, text, url = " ".join(version.split()), text.strip(), url.strip()
    if not _VERSION.fullmatch(version):
        raise Invalid.field("version", "Give it a name of 1 to 40 letters and digits, such as 2026-11.")
    if not text and not url:
        raise Invalid.field("text", "Paste the terms here, or say below where they stand.")
    if len(text) > LONGEST:
        raise Invalid.field("text", "At most 200,000 characters.")
    if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname or not url.isprintable()):
        raise Invalid.field("url", "An address starts with https://.")
    tenant, now = tenants.locked(), clock.now()
    row = TermsVersion(id=new_id(), version=version, text=text, url=url, published_by=user_id, created_at=now)
    try:
        with db.session().begin_nested():
            db.session().add(row)
            db.session().flush()
    except sa.exc.IntegrityError as problem:
        raise Invalid.field("version", "There was a version of this name. What was accepted is not rewritten.") from (
            problem
        )
    before = tenant.terms_version
    tenant.terms_version, tenant.terms_published_at = version, now
    tenants.settle(tenant, {"terms_version": before}, {"terms_version": version})
    return row


def withdraw() -> None:
    """Ask nobody for terms any more. What was published and accepted stays."""
    tenant = tenants.locked()
    before = tenant.terms_version
    if before:
        tenant.terms_version, tenant.terms_published_at = "", None
        tenants.settle(tenant, {"terms_version": before}, {"terms_version": ""})


def accept(user: User, version: str, *, where: str, at: datetime | None = None) -> None:
    """Keep that this person accepted this version; once.

    Raises:
        OtherTerms: another version holds meanwhile.
    """
    if version != tenants.current().terms_version:
        raise OtherTerms()
    if user.terms_version == version:
        return
    keep_acceptance(user, version, where=where, at=at or clock.now())


def keep_acceptance(user: User, version: str, *, where: str, at: datetime) -> None:
    """The same for what was accepted before: at sign-up, whatever holds by now."""
    user.terms_version = version
    db.session().add(Consent(user_id=user.id, kind="terms", version=version, given_at=at, given_where=where))
    audit.record("TERMS_ACCEPTED", resource_type="user", resource_id=user.id, after={"version": version})


def news_consent(user_id: UUID) -> Consent | None:
    """The person's consent to news and offers, while it stands."""
    mine = sa.select(Consent).where(
        Consent.user_id == user_id, Consent.kind == "marketing", Consent.withdrawn_at.is_(None)
    )
    return db.session().scalars(mine.order_by(Consent.given_at.desc()).limit(1)).first()


def choose_news(user: User, *, wanted: bool, where: str, at: datetime | None = None) -> None:
    """Give or take back the consent to news and offers."""
    standing, now = news_consent(user.id), at or clock.now()
    if wanted and standing is None:
        db.session().add(Consent(user_id=user.id, kind="marketing", given_at=now, given_where=where))
        audit.record("CONSENT_GIVEN", resource_type="user", resource_id=user.id, after={"kind": "marketing"})
    elif not wanted and standing is not None:
        standing.withdrawn_at = now
        audit.record("CONSENT_WITHDRAWN", resource_type="user", resource_id=user.id, after={"kind": "marketing"})
