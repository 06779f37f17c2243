"""Finding what is on sale, for how much, and taking it: stock and promo codes."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from app.features.catalogue.cycles import CYCLES
from app.features.catalogue.defaults import install_defaults
from app.features.catalogue.models import Price, Product
from app.features.catalogue.promos import Redemption, discount_of, find_usable, give_back, redeem
from app.kernel import db
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.ids import parse_id

__all__ = [
    "CYCLES",
    "Availability",
    "Offer",
    "Redemption",
    "SoldOut",
    "availability",
    "catalog",
    "discount_of",
    "find_sellable",
    "find_usable",
    "give_back",
    "install_defaults",
    "price_of",
    "redeem",
    "return_stock",
    "take_stock",
]


@dataclass(frozen=True)
class Offer:
    """A product on sale with its prices, the shortest cycle first."""

    product: Product
    prices: tuple[Price, ...]

    def price(self, cycle: str) -> Price | None:
        """The price of that cycle, if it is sold so."""
        return next((price for price in self.prices if price.cycle == cycle), None)


@dataclass(frozen=True)
class Availability:
    """Whether a product can be had at this moment."""

    product: Product
    is_available: bool
    stock: int | None
    """How many are left; None = as many as are asked for."""


class SoldOut(Conflict):
    """Somebody else took the last one: 409."""

    code = "sold_out"


def find_sellable(plan: str, *, field: str = "planId") -> Product:
    """The product that `plan`, a slug or an id, names and that is on sale.

    Raises:
        Invalid: there is none; `field` is named.
    """
    product = _find(plan)
    if product is None or not product.is_on_sale:
        raise Invalid.field(field, "There is no such plan on sale.", code="unknown_plan")
    return product


def availability(plan: str) -> Availability:
    """Whether the product with this slug or id can be had now, and how many are left.

    Raises:
        NotFound: there is none, or it is archived.
    """
    product = _find(plan)
    if product is None or product.archived_at is not None:
        raise NotFound()
    return Availability(product, product.is_on_sale and not product.is_sold_out, product.stock)


def _find(plan: str) -> Product | None:
    if not plan.isprintable():
        return None  # PostgreSQL refuses such text outright
    product_id = parse_id(plan)
    match = Product.slug == plan if product_id is None else Product.id == product_id
    return db.session().scalar(sa.select(Product).where(match))


def price_of(product: Product, cycle: str, currency: str, *, field: str = "billingCycle") -> Price:
    """What `product` costs for `cycle` in `currency`.

    Raises:
        Invalid: there is no such cycle, or the product is not sold so; `field` is named.
    """
    if cycle not in CYCLES:
        raise Invalid.field(field, f"Choose one of {', '.join(CYCLES)}.", code="unknown_cycle")
    price = db.session().scalar(
        sa.select(Price).where(Price.product_id == product.id, Price.currency == currency, Price.cycle == cycle)
    )
    if price is None:
        raise Invalid.field(field, f"{product.name} is not sold {cycle} in {currency}.", code="unknown_cycle")
    return price


def take_stock(product: Product) -> None:
    """Take one of what is left; nothing where the product has no limit. Locks its row.

    Raises:
        SoldOut: none was left.
    """
    if product.stock is None:
        return
    taken = db.session().scalar(
        sa.update(Product)
        .where(Product.id == product.id, Product.stock > 0)
        .values(stock=Product.stock - 1)
        .returning(Product.stock)
        .execution_options(synchronize_session=False)
    )
    if taken is None:
        raise SoldOut(f"{product.name} is sold out.", fields={"planId": f"{product.name} is sold out."})
    set_committed_value(product, "stock", taken)


def return_stock(product_id: UUID) -> None:
    """Give one back that was taken; nothing where the product has no limit. Locks its row."""
    back = sa.update(Product).where(Product.id == product_id, Product.stock.is_not(None))
    db.session().execute(back.values(stock=Product.stock + 1).execution_options(synchronize_session="fetch"))


def catalog(category: str | None = None, *, currency: str | None = None) -> list[Offer]:
    """Everything on sale with its prices, cheapest first. Two queries.

    `currency` leaves out the prices in others, and products without one.
    """
    wanted = sa.select(Product).where(Product.active, Product.archived_at.is_(None))
    if category is not None:
        wanted = wanted.where(Product.category == category)
    products = list(db.session().scalars(wanted))
    asked = sa.select(Price).where(Price.product_id.in_([product.id for product in products]))
    if currency is not None:
        asked = asked.where(Price.currency == currency)
    by_product: dict[object, list[Price]] = {}
    for price in db.session().scalars(asked):
        by_product.setdefault(price.product_id, []).append(price)
    offers = [_offer(product, by_product[product.id]) for product in products if product.id in by_product]
    return sorted(offers, key=lambda offer: (offer.prices[0].amount_minor, offer.product.slug))


def _offer(product: Product, prices: list[Price]) -> Offer:
    order = list(CYCLES)
    return Offer(product, tuple(sorted(prices, key=lambda price: (order.index(price.cycle), price.currency))))
