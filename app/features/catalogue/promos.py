"""Promo codes: what one takes off, and using it, exactly as often as it may be used."""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import count
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.merged import whose
from app.features.catalogue.models import Price, Product, PromoCode, PromoCodeUsage
from app.kernel import clock, db
from app.kernel.errors import Invalid
from app.kernel.money import Money

FIELD = "promoCode"
LONGEST = 64


@dataclass(frozen=True)
class Redemption:
    """A code that has been used: what it takes off, why, and the row that counts it."""

    code: str
    discount: Money
    reason: str
    promo_code_id: UUID
    usage_id: UUID


def code_key(code: str) -> str:
    """What a code is looked for by: letter case and outer blanks make no difference."""
    return code.strip().upper()


def discount_of(code: PromoCode, subtotal: Money) -> Money:
    """What `code` takes off `subtotal`: never more than there is, half a minor unit rounded up."""
    if code.percent_hundredths is not None:
        off = subtotal.times(Fraction(code.percent_hundredths, 10_000))
    else:
        assert code.amount_minor is not None and code.currency is not None
        off = Money(code.amount_minor, code.currency)
    return Money(max(0, min(off.minor, subtotal.minor)), subtotal.currency)


def reason_of(code: PromoCode) -> str:
    """As the invoice says it: `WELCOME20, 20 %`, or the code alone where it takes a fixed amount off."""
    if code.percent_hundredths is None:
        return code.code
    whole, rest = divmod(code.percent_hundredths, 100)
    return f"{code.code}, {whole}{f'.{rest:02}'.rstrip('0') if rest else ''} %"


def find_usable(code: str, *, product: Product, cycle: str, currency: str) -> PromoCode:
    """The code that can be used for this order now; how often it was used is not looked at.

    Raises:
        Invalid: unknown, not now, or not for this; the field `promoCode` is named.
    """
    text = code_key(code)
    found = None
    if len(text) <= LONGEST and text.isprintable():
        found = db.session().scalar(sa.select(PromoCode).where(PromoCode.code_key == text))
    if found is None or found.ended_at is not None:
        raise Invalid.field(FIELD, "We do not know this promo code.", code="unknown_promo_code")
    _check_time(found, clock.now())
    if found.product_slugs and product.slug not in found.product_slugs:
        raise Invalid.field(FIELD, f"This promo code is not for {product.name}.", code="promo_code_elsewhere")
    if found.cycles and cycle not in found.cycles:
        raise Invalid.field(FIELD, "This promo code is for another billing cycle.", code="promo_code_elsewhere")
    if found.currency is not None and found.currency != currency:
        raise Invalid.field(FIELD, f"This promo code is for orders in {found.currency}.", code="promo_code_elsewhere")
    return found


def _check_time(code: PromoCode, at: datetime) -> None:
    if code.valid_from is not None and at < code.valid_from:
        raise Invalid.field(FIELD, "This promo code does not work yet.", code="promo_code_not_yet")
    if code.valid_to is not None and at >= code.valid_to:
        raise Invalid.field(FIELD, "This promo code has run out.", code="promo_code_over")


@dataclass(frozen=True)
class Trial:
    """What a code would take off; `refusal` says why nothing, where it cannot be used."""

    code: str
    subtotal: Money
    discount: Money
    reason: str = ""
    refusal: Invalid | None = None


def try_out(code: str, *, product: Product, price: Price) -> Trial:
    """What `redeem` would take off an order of `product` at `price` by a new customer; nothing is used."""
    subtotal = price.amount + Money(price.setup_minor, price.currency)
    try:
        found = find_usable(code, product=product, cycle=price.cycle, currency=price.currency)
        if found.maximum_uses is not None and found.uses >= found.maximum_uses:
            raise _used_up()
    except Invalid as refusal:
        return Trial(code.strip()[:LONGEST], subtotal, Money(0, price.currency), refusal=refusal)
    return Trial(found.code, subtotal, discount_of(found, subtotal), reason_of(found))


def _used_up() -> Invalid:
    return Invalid.field(FIELD, "This promo code has been used up.", code="promo_code_used_up")


def redeem(code: str, *, customer_id: UUID, product: Product, cycle: str, subtotal: Money) -> Redemption:
    """Use `code` once, for this customer and order. Locks the code's row until the transaction ends.

    Raises:
        Invalid: unknown, not now, not for this, or used up; the field `promoCode` is named.
    """
    found = find_usable(code, product=product, cycle=cycle, currency=subtotal.currency)
    discount = discount_of(found, subtotal)
    with db.session().begin_nested():  # a refusal that somebody catches must give the counted use back
        _count_use(found)
        usage = PromoCodeUsage(
            promo_code_id=found.id,
            customer_id=customer_id,
            nth=_next_use(found, customer_id),
            discount_minor=discount.minor,
            currency=discount.currency,
        )
        db.session().add(usage)
        db.session().flush()
    return Redemption(found.code, discount, reason_of(found), found.id, usage.id)


def _count_use(code: PromoCode) -> None:
    """One statement decides and counts, so that no two orders get the last use."""
    counted = db.session().scalar(
        sa.update(PromoCode)
        .where(
            PromoCode.id == code.id,
            PromoCode.ended_at.is_(None),
            sa.or_(PromoCode.maximum_uses.is_(None), PromoCode.uses < PromoCode.maximum_uses),
        )
        .values(uses=PromoCode.uses + 1)
        .returning(PromoCode.uses)
        .execution_options(synchronize_session=False)
    )
    if counted is None:
        raise _used_up()


def _next_use(code: PromoCode, customer_id: UUID) -> int:
    """The number of this use for this customer. `_count_use` holds the code's lock, so nobody else counts now."""
    used = set(
        db.session().scalars(
            sa.select(PromoCodeUsage.nth).where(
                PromoCodeUsage.promo_code_id == code.id, whose(PromoCodeUsage.customer_id, customer_id)
            )
        )
    )
    if code.maximum_per_customer is not None and len(used) >= code.maximum_per_customer:
        raise Invalid.field(FIELD, "You have used this promo code already.", code="promo_code_used_up")
    return next(nth for nth in count(1) if nth not in used)  # one that was given back leaves a gap


def give_back(usage_id: UUID) -> None:
    """The use does not count any more: its order was cancelled. Safe to repeat."""
    gone = (
        sa.delete(PromoCodeUsage)
        .where(PromoCodeUsage.id == usage_id)
        .returning(PromoCodeUsage.promo_code_id)
        .execution_options(synchronize_session="fetch")
    )
    code_id = db.session().scalar(gone)
    if code_id is not None:
        one_less = sa.update(PromoCode).where(PromoCode.id == code_id, PromoCode.uses > 0)
        db.session().execute(one_less.values(uses=PromoCode.uses - 1).execution_options(synchronize_session="fetch"))
