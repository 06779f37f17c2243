"""Making and changing promo codes. Using one is `promos`."""

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.catalogue.cycles import CYCLES
from app.features.catalogue.models import Product, PromoCode
from app.features.catalogue.promos import LONGEST, code_key
from app.kernel import clock, db
from app.kernel.access import Principal
from app.kernel.errors import Invalid, NotFound
from app.kernel.money import CURRENCIES, LARGEST_MINOR

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"
"""Without what is taken for another letter on paper or by telephone."""
GROUPS, GROUP = 3, 4
"""`K7QX-9M2T-PWDA`: 59 random bits."""
MOST_USES = 10**9
_CODE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Terms:
    """What a code takes off, when, how often, and for what."""

    percent_hundredths: int | None = None
    """Hundredths of a percent; None where it takes `amount_minor` off."""
    amount_minor: int | None = None
    currency: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    maximum_uses: int | None = None
    maximum_per_customer: int | None = None
    product_slugs: Collection[str] = ()
    cycles: Collection[str] = ()

    @property
    def kind(self) -> str:
        """`percent` or `fixed`."""
        return "percent" if self.percent_hundredths is not None else "fixed"


def made_up() -> str:
    """A code that nobody guesses."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def find(who: Principal, code_id: UUID) -> PromoCode:
    """A code of the asking member of staff's own tenant.

    Raises:
        NotFound: there is none with this id, or it is no concern of theirs.
    """
    found = db.session().scalar(sa.select(PromoCode).where(PromoCode.id == code_id)) if who.is_staff else None
    if found is None:
        raise NotFound()
    return found


def create(code: str, terms: Terms) -> PromoCode:
    """Make a code; an empty one is made up. The word is for good, its terms can be changed.

    Raises:
        Invalid: a value that cannot be, or a code that is taken; names the fields.
    """
    code = code.strip() or made_up()
    if not _CODE.fullmatch(code) or len(code) > LONGEST:
        raise Invalid.field("code", "Letters, digits and hyphens, at most 64.")
    _check(terms)
    row = PromoCode(code=code, code_key=code_key(code), kind=terms.kind, **_values(terms))
    try:
        with db.session().begin_nested():
            db.session().add(row)
            db.session().flush()
    except sa.exc.IntegrityError as problem:
        raise Invalid.field("code", "There is such a code already; upper and lower case are the same.") from problem
    audit.record(
        "PROMO_CODE_CREATED", resource_type="promo_code", resource_id=row.id, after=_told({"code": code}, terms)
    )
    return row


def change(row: PromoCode, terms: Terms) -> None:
    """Give a code other terms, from the next order on.

    Raises:
        Invalid: a value that cannot be; names the fields.
    """
    db.session().refresh(row, with_for_update=True)
    _check(terms)
    if terms.maximum_uses is not None and terms.maximum_uses < row.uses:
        raise Invalid.field("maximum_uses", f"It has been used {row.uses:,} times already.")
    before = {field.name: getattr(row, field.name) for field in fields(Terms)}
    after = _values(terms)
    changed = {name for name, value in after.items() if before[name] != value}
    if not changed:
        return
    row.kind = terms.kind
    for name in changed:
        setattr(row, name, after[name])
    db.session().flush()
    was, now = ({name: _plain(state[name]) for name in sorted(changed)} for state in (before, after))
    audit.record("PROMO_CODE_UPDATED", resource_type="promo_code", resource_id=row.id, before=was, after=now)


def _values(terms: Terms) -> dict[str, Any]:
    found = {field.name: getattr(terms, field.name) for field in fields(Terms)}
    return found | {name: sorted(found[name]) for name in ("product_slugs", "cycles")}


def _told(what: dict[str, Any], terms: Terms) -> dict[str, Any]:
    return what | {name: _plain(value) for name, value in _values(terms).items() if value not in (None, [])}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _check(terms: Terms) -> None:
    """Refuse terms that cannot be, naming every field at once.

    Raises:
        Invalid: there are some.
    """
    problems = {**_check_discount(terms), **_check_limits(terms)}
    unknown = set(terms.product_slugs) - set(_slugs(terms.product_slugs))
    if unknown:
        problems["products"] = "One of these products is not there any more."
    if set(terms.cycles) - set(CYCLES):
        problems["cycles"] = "There is no such billing cycle."
    if problems:
        raise Invalid(fields=problems)


def _check_discount(terms: Terms) -> dict[str, str]:
    if terms.percent_hundredths is not None:
        if terms.amount_minor is not None or not 1 <= terms.percent_hundredths <= 10_000:
            return {"percent": "A percentage from 0.01 to 100."}
        return {}
    if terms.currency not in CURRENCIES:
        return {"currency": "Choose the currency of the amount."}
    if terms.amount_minor is None or not 0 < terms.amount_minor <= LARGEST_MINOR:
        return {"amount": "An amount above 0."}
    return {}


def _check_limits(terms: Terms) -> dict[str, str]:
    problems = {}
    for name in ("maximum_uses", "maximum_per_customer"):
        value = getattr(terms, name)
        if value is not None and not 1 <= value <= MOST_USES:
            problems[name] = "A whole number from 1 on; empty is without limit."
    if terms.valid_from is not None and terms.valid_to is not None and terms.valid_from >= terms.valid_to:
        problems["valid_to"] = "It ends before it begins."
    return problems


def _slugs(wanted: Collection[str]) -> list[str]:
    return list(db.session().scalars(sa.select(Product.slug).where(Product.slug.in_(wanted)))) if wanted else []


def end(row: PromoCode) -> None:
    """Let it work no more; what it took off stays. Doing so twice is no harm."""
    _set_ended(row, is_ended=True)


def restore(row: PromoCode) -> None:
    """Let it work again, within its terms."""
    _set_ended(row, is_ended=False)


def _set_ended(row: PromoCode, *, is_ended: bool) -> None:
    if (row.ended_at is not None) == is_ended:
        return
    row.ended_at = clock.now() if is_ended else None
    db.session().flush()
    action = "PROMO_CODE_ENDED" if is_ended else "PROMO_CODE_RESTORED"
    audit.record(action, resource_type="promo_code", resource_id=row.id, after={"code": row.code})
