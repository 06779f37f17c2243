"""What a fresh installation sells: four plans in US dollars and one promo code (SPEC 2.1)."""

from dataclasses import dataclass

import sqlalchemy as sa

from app.features.catalogue.cycles import MONTHS_CHARGED
from app.features.catalogue.models import Price, Product, PromoCode
from app.kernel import db

CATEGORY = "shared-hosting"


@dataclass(frozen=True)
class _Plan:
    slug: str
    name: str
    month_minor: int
    description: str
    websites: int
    storage_gb: int
    mailboxes: int
    features: tuple[str, ...]
    featured: bool = False


PLANS = (
    _Plan(
        "shared-starter", "Starter", 499, "Everything a first website needs.", 1, 10, 5,
        ("1 website", "10 GB SSD storage", "Unlimited bandwidth", "5 mailboxes", "Free SSL", "Daily backups"),
    ),
    _Plan(
        "shared-business", "Business", 999, "For a company that lives on its website.", 10, 50, 25,
        ("10 websites", "50 GB SSD storage", "Unlimited bandwidth", "25 mailboxes", "Free SSL", "Daily backups",
         "Staging copy of each site", "Free domain for the first year"),
        featured=True,
    ),
    _Plan(
        "shared-professional", "Professional", 1999, "For agencies and busy shops.", 50, 150, 100,
        ("50 websites", "150 GB SSD storage", "Unlimited bandwidth", "100 mailboxes", "Free SSL",
         "Backups every 6 hours", "Staging copy of each site", "SSH and Git", "Priority support"),
    ),
    _Plan(
        "shared-enterprise", "Enterprise", 4999, "Room, speed and people who answer at night.", 200, 500, 500,
        ("200 websites", "500 GB SSD storage", "Unlimited bandwidth", "500 mailboxes", "Free SSL", "Hourly backups",
         "Staging copy of each site", "SSH and Git", "Own IP address", "Support at any hour"),
    ),
)  # fmt: skip


def install_defaults() -> None:
    """Give the tenant the four plans and `WELCOME20`; what is there already stays as it is."""
    session = db.session()
    there = set(session.scalars(sa.select(Product.slug)))
    missing = [plan for plan in PLANS if plan.slug not in there]
    products = [_product(plan) for plan in missing]
    session.add_all(products)
    session.flush()
    for plan, product in zip(missing, products, strict=True):
        session.add_all(_prices(plan, product))
    if session.scalar(sa.select(PromoCode.id).where(PromoCode.code_key == "WELCOME20")) is None:
        session.add(
            PromoCode(
                code="WELCOME20",
                code_key="WELCOME20",
                kind="percent",
                percent_hundredths=2000,
                maximum_per_customer=1,
                invoices=1,
            )
        )
    session.flush()


def _product(plan: _Plan) -> Product:
    return Product(
        slug=plan.slug,
        name=plan.name,
        description=plan.description,
        category=CATEGORY,
        features=list(plan.features),
        storage_gb=plan.storage_gb,
        websites=plan.websites,
        mailboxes=plan.mailboxes,
        featured=plan.featured,
    )


def _prices(plan: _Plan, product: Product) -> list[Price]:
    return [
        Price(product_id=product.id, currency="USD", cycle=cycle, amount_minor=plan.month_minor * times)
        for cycle, times in MONTHS_CHARGED.items()
    ]
