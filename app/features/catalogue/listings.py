"""The lists of products and promo codes."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import Customer
from app.features.catalogue.models import Price, Product, PromoCode, PromoCodeUsage
from app.kernel import db
from app.kernel.filters import Contains
from app.kernel.lists import NOW, Begins, Choice, Exact, Join, Listing, Search, Sort
from app.kernel.money import Money

PRODUCTS = Listing(
    name="products",
    here="/admin/products",
    model=Product,
    columns=(
        Product.id, Product.name, Product.slug, Product.category, Product.featured, Product.active,
        Product.archived_at, Product.stock, Product.created_at,
    ),
    filters=(
        Contains("q", (Product.name, Product.slug)),
        Exact("category", Product.category),
        Choice(
            "state",
            {
                "sale": sa.and_(Product.active, Product.archived_at.is_(None)),
                "hidden": sa.and_(sa.not_(Product.active), Product.archived_at.is_(None)),
                "archived": Product.archived_at.is_not(None),
            },
        ),
    ),
    sorts={
        "newest": Sort("Newest first", Product.created_at, is_falling=True),
        "name": Sort("By name", Product.name),
        "slug": Sort("By slug", Product.slug),
    },
)  # fmt: skip


_HAS_BEGUN = sa.or_(PromoCode.valid_from.is_(None), PromoCode.valid_from <= NOW)
_HAS_TIME = sa.or_(PromoCode.valid_to.is_(None), PromoCode.valid_to > NOW)
_HAS_USES = sa.or_(PromoCode.maximum_uses.is_(None), PromoCode.uses < PromoCode.maximum_uses)
PROMO_CODES = Listing(
    name="promo-codes",
    here="/admin/promo-codes",
    model=PromoCode,
    columns=(
        PromoCode.id, PromoCode.code, PromoCode.percent_hundredths, PromoCode.amount_minor, PromoCode.currency,
        PromoCode.valid_from, PromoCode.valid_to, PromoCode.maximum_uses, PromoCode.uses, PromoCode.ended_at,
        PromoCode.created_at,
    ),
    filters=(
        Choice(
            "state",
            {
                "working": sa.and_(PromoCode.ended_at.is_(None), _HAS_BEGUN, _HAS_TIME, _HAS_USES),
                "coming": sa.and_(PromoCode.ended_at.is_(None), sa.not_(_HAS_BEGUN)),
                "over": sa.and_(PromoCode.ended_at.is_(None), sa.or_(sa.not_(_HAS_TIME), sa.not_(_HAS_USES))),
                "off": PromoCode.ended_at.is_not(None),
            },
        ),
        Choice(
            "kind",
            {"percent": PromoCode.percent_hundredths.is_not(None), "fixed": PromoCode.amount_minor.is_not(None)},
        ),
    ),
    search=Search("q", Begins(PromoCode.code_key)),
    sorts={
        "newest": Sort("Newest first", PromoCode.created_at, is_falling=True),
        "code": Sort("By code", PromoCode.code_key),
        "uses": Sort("Most used first", PromoCode.uses, is_falling=True),
    },
)  # fmt: skip
USES = Listing(
    name="promo-code-uses",
    here="/admin/promo-codes",
    model=PromoCodeUsage,
    columns=(
        Customer.id, Customer.company, Customer.name, PromoCodeUsage.nth, PromoCodeUsage.discount_minor,
        PromoCodeUsage.currency, PromoCodeUsage.created_at,
    ),
    joins=(Join(Customer, Customer.id == PromoCodeUsage.customer_id),),
    of=PromoCodeUsage.promo_code_id,
    sorts={"newest": Sort("Newest first", PromoCodeUsage.created_at, is_falling=True)},
)  # fmt: skip


def prices_in(currency: str, product_ids: Collection[UUID] | None = None) -> dict[UUID, dict[str, Money]]:
    """What products cost in `currency`, by product and cycle; of all products where none are named."""
    asked = sa.select(Price.product_id, Price.cycle, Price.amount_minor).where(Price.currency == currency)
    if product_ids is not None:
        asked = asked.where(Price.product_id.in_(product_ids))
    found: dict[UUID, dict[str, Money]] = {}
    for product_id, cycle, amount in db.session().execute(asked):
        found.setdefault(product_id, {})[cycle] = Money(amount, currency)
    return found


def categories() -> list[str]:
    """The categories that there are, in the order of letters."""
    return sorted(db.session().scalars(sa.select(Product.category).distinct()))


def names() -> list[tuple[str, str]]:
    """Slug and name of every product, by name."""
    return [
        (slug, name)
        for slug, name in db.session().execute(sa.select(Product.slug, Product.name).order_by(Product.name))
    ]
