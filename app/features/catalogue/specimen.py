"""One product with a price and one promo code: what a fresh installation sells."""

import sqlalchemy as sa

from app.features.catalogue import codes, products, service
from app.features.catalogue.codes import Terms
from app.features.catalogue.models import Price, Product, PromoCode
from app.features.catalogue.products import Tag
from app.kernel import db

SHOWN = dict.fromkeys(("products", "prices", "promo_codes"), "1 = 1")


def make() -> tuple[Product, Price, PromoCode]:
    """The plan Starter for a year in US dollars, and `WELCOME20`."""
    service.install_defaults()
    product = service.find_sellable("shared-starter")
    price = service.price_of(product, "oneYear", "USD")
    code = db.session().scalars(sa.select(PromoCode).where(PromoCode.code_key == "WELCOME20")).one()
    return product, price, code


def in_house(tag: str) -> None:
    """What a fresh installation sells, and one product and code called after `tag`; a second of each is withdrawn."""
    make()
    tags = {("USD", "monthly"): Tag(1_317), ("USD", "oneYear"): Tag(13_171)}
    products.create(tags, name=f"{tag.title()} Plan", slug=f"plan-{tag}", category=f"class-{tag}")
    gone = products.create(tags, name=f"{tag.title()} Old", slug=f"old-{tag}", category=f"class-{tag}")
    products.archive(gone)
    codes.create(f"{tag.upper()}10", Terms(percent_hundredths=1000))
    codes.end(codes.create(f"{tag.upper()}90", Terms(percent_hundredths=9000)))
