"""The lists of products and promo codes."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.features.catalogue.models import Price, Product
from app.kernel import db
from app.kernel.filters import Reading, clean, parameter
from app.kernel.lists import Choice, Exact, Listing, Sort
from app.kernel.money import Money


@dataclass(frozen=True)
class _Contains:
    """Any of the columns contains what was typed. For tables of some hundred rows, which no index would help."""

    name: str
    columns: tuple[sa.orm.InstrumentedAttribute[str], ...]

    def read(self, given: str, _zone: str) -> Reading | None:
        said = clean(given)
        escaped = said.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return Reading(said, bound=f"%{escaped}%") if said else None

    def condition(self, _variant: str) -> sa.ColumnElement[bool]:
        typed = sa.bindparam(parameter(self.name), type_=sa.Text())
        return sa.or_(*[sa.func.lower(column).like(typed, escape="\\") for column in self.columns])


PRODUCTS = Listing(
    name="products",
    here="/admin/products",
    model=Product,
    columns=(
        Product.id, Product.name, Product.slug, Product.category, Product.featured, Product.active,
        Product.archived_at, Product.stock, Product.created_at,
    ),
    filters=(
        _Contains("q", (Product.name, Product.slug)),
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
