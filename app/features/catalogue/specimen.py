"""One product with a price and one promo code: what a fresh installation sells."""

import sqlalchemy as sa

from app.features.catalogue import service
from app.features.catalogue.models import Price, Product, PromoCode
from app.kernel import db


def make() -> tuple[Product, Price, PromoCode]:
    """The plan Starter for a year in US dollars, and `WELCOME20`."""
    service.install_defaults()
    product = service.find_sellable("shared-starter")
    price = service.price_of(product, "oneYear", "USD")
    code = db.session().scalars(sa.select(PromoCode).where(PromoCode.code_key == "WELCOME20")).one()
    return product, price, code
