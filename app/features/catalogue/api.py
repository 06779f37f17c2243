"""`/api/v1/billing/products` for staff and everybody, `/api/marketing-api/promo-codes` with a key."""

from uuid import UUID

from app.features.catalogue import products, promos, service
from app.features.catalogue.models import Product
from app.features.catalogue.products import StockMoved
from app.features.catalogue.schemas import (
    ProductChange,
    ProductIn,
    ProductOut,
    PublicProductOut,
    TrialOut,
    TrialQuery,
    tags,
)
from app.features.tenants import service as tenants
from app.kernel.access import Role, anyone, keyed, requires
from app.kernel.api import ApiRoutes
from app.kernel.errors import NotFound
from app.kernel.pages import principal
from app.kernel.paging import Page, PageQuery

routes = ApiRoutes("catalogue", prefix="/api/v1/billing/products", tag="Products")
keyed_routes = ApiRoutes("promo_codes", prefix="/api/marketing-api/promo-codes", envelope=True, tag="Marketing site")


@routes.get("")
@requires(staff=Role.BILLING)
def index(query: PageQuery) -> Page[ProductOut]:
    """List the products with their prices, archived ones too, newest first."""
    found = products.list_products(cursor=query.cursor, limit=query.limit)
    prices = products.rows_of(found.items)
    return found.showing([ProductOut.of(product, prices[product.id]) for product in found.items])


@routes.get("/catalog/public")
@anyone(limits=("100/minute",))
def public() -> list[PublicProductOut]:
    """Everything on sale, the cheapest first."""
    offers = service.catalog()
    return [PublicProductOut.of(offer.product, list(offer.prices)) for offer in offers]


@routes.get("/<uuid:product_id>", errors=(NotFound,))
@requires(staff=Role.BILLING)
def show(product_id: UUID) -> ProductOut:
    """One product with its prices."""
    return _shown(products.find(principal(), product_id))


def _shown(product: Product) -> ProductOut:
    return ProductOut.of(product, products.rows_of([product])[product.id])


@routes.post("", status=201)
@requires(staff=Role.ADMIN)
def create(body: ProductIn) -> ProductOut:
    """Make a product with its prices."""
    given = body.model_dump(exclude={"prices"})
    return _shown(products.create(tags(body.prices), **given))


@routes.patch("/<uuid:product_id>", errors=(NotFound, StockMoved))
@requires(staff=Role.ADMIN)
def update(product_id: UUID, body: ProductChange) -> ProductOut:
    """Change what is offered from now on; running subscriptions keep their price."""
    product = products.find(principal(), product_id)
    given = body.model_dump(exclude={"prices", "stock"}, exclude_unset=True)
    products.change(product, tags(body.prices) if "prices" in body.model_fields_set else None, **given)
    if "stock" in body.model_fields_set:
        products.set_stock(product, body.stock, was=product.stock)
    return _shown(product)


@routes.post("/<uuid:product_id>/archive", errors=(NotFound,))
@requires(staff=Role.ADMIN)
def archive(product_id: UUID) -> ProductOut:
    """Take it from sale; whoever has it keeps it."""
    product = products.find(principal(), product_id)
    products.archive(product)
    return _shown(product)


@routes.post("/<uuid:product_id>/unarchive", errors=(NotFound,))
@requires(staff=Role.ADMIN)
def unarchive(product_id: UUID) -> ProductOut:
    """Offer it again, as it was."""
    product = products.find(principal(), product_id)
    products.unarchive(product)
    return _shown(product)


@keyed_routes.get("/<code>/validate")
@keyed("marketing", limits=("100/minute",))
def validate(code: str, query: TrialQuery) -> TrialOut:
    """What a promo code would take off the first invoice of an order made now, by a new customer.

    A code that cannot be used answers `valid: false` with the reason; nothing is used up by asking.
    """
    product = service.find_sellable(query.plan_id)
    price = service.price_of(product, query.billing_cycle, tenants.current().currency)
    return TrialOut.of(promos.try_out(code, product=product, price=price))
