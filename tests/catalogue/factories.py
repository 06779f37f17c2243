"""Things on sale, made as tests need them."""

from typing import Any

from app.features.catalogue.models import Price, Product, PromoCode
from app.kernel import db


def make_product(slug: str = "starter", **given: Any) -> Product:
    """A product on sale."""
    row = Product(slug=slug, name=slug.title(), category="shared-hosting", **given)
    db.session().add(row)
    db.session().flush()
    return row


def make_price(product: Product, *, minor: int = 4990, cycle: str = "oneYear", setup: int = 0) -> Price:
    """What it costs, in US dollars."""
    row = Price(product_id=product.id, currency="USD", cycle=cycle, amount_minor=minor, setup_minor=setup)
    db.session().add(row)
    db.session().flush()
    return row


def make_promo_code(
    code: str = "SAVE", *, percent: int | None = None, fixed: int | None = None, **given: Any
) -> PromoCode:
    """A code that takes `percent` %, or `fixed` minor units of US dollars, off."""
    if fixed is None:
        terms: dict[str, Any] = {"kind": "percent", "percent_hundredths": (20 if percent is None else percent) * 100}
    else:
        terms = {"kind": "fixed", "amount_minor": fixed, "currency": "USD"}
    row = PromoCode(code=code, code_key=code.upper(), **terms, **given)
    db.session().add(row)
    db.session().flush()
    return row
