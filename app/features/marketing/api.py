"""`/api/marketing-api/...` with a key, and `/api/marketing/...` for everybody."""

from uuid import UUID

from flask import request

from app.features.accounts import service as accounts
from app.features.accounts.service import Attribution, EmailTaken
from app.features.catalogue import service as catalogue
from app.features.marketing import service
from app.features.marketing.schemas import (
    AccountIn,
    AccountOut,
    AvailabilityOut,
    CatalogQuery,
    PaymentIn,
    PlanOut,
    PricingOut,
    ProductOut,
    ServiceOut,
    StatusOut,
)
from app.features.marketing.service import Collected
from app.features.payments.service import ReferenceUsed
from app.features.subscriptions import service as subscriptions
from app.kernel import idempotency
from app.kernel.access import anyone, keyed
from app.kernel.api import ApiRoutes
from app.kernel.errors import Invalid
from app.kernel.pages import principal
from app.kernel.paging import Page, PageQuery

routes = ApiRoutes("marketing", prefix="/api/marketing-api", envelope=True, tag="Marketing site")
public_routes = ApiRoutes("marketing_public", prefix="/api/marketing", tag="Marketing site, public")

SCOPE = "marketing"
READING, SELLING = ("100/minute",), ("10/minute",)


@routes.post("/accounts/create", status=201, errors=(EmailTaken, ReferenceUsed), largest=16 * 1024)
@keyed(SCOPE, limits=SELLING)
def create_account(body: AccountIn) -> AccountOut:
    """Make a customer who orders a plan.

    Customer, user, order, subscription and issued invoice, with a welcome mail in the queue. With `payment`, or
    with a key that collects payments, it is paid at once and set up; such a key's POST bears an `Idempotency-Key`.
    """
    collected = collected_by_site(body.payment)
    utm = body.utm_params
    attribution = Attribution(
        marketing_source=body.marketing_source or "",
        utm_campaign=utm.campaign if utm else "",
        utm_source=utm.source if utm else "",
        utm_medium=utm.medium if utm else "",
        utm_content=utm.content if utm else "",
        utm_term=utm.term if utm else "",
    )
    made = service.create_account(
        email=body.email,
        first_name=body.first_name,
        last_name=body.last_name,
        plan=body.plan_id,
        cycle=body.billing_cycle,
        promo_code=body.promo_code or None,
        attribution=attribution,
        collected=collected,
    )
    return AccountOut.of(made)


def collected_by_site(payment: PaymentIn | None) -> Collected | None:
    """The money that the site has taken.

    Raises:
        Invalid: the key collects payments, and this sale bears no `Idempotency-Key`: sent again, it would sell twice.
    """
    if principal().collects_payments and idempotency.HEADER not in request.headers:
        text = "This key's sales are paid: each must bear an Idempotency-Key, so that none is sold twice."
        raise Invalid.field(idempotency.HEADER, text, code="idempotency_key_needed")
    if payment is not None:
        return Collected(**payment.model_dump())
    return Collected() if principal().collects_payments else None


@routes.get("/products/catalog")
@keyed(SCOPE, limits=READING)
def catalog(query: CatalogQuery) -> list[ProductOut]:
    """Everything on sale with its prices, the cheapest first."""
    return [ProductOut.of(offer) for offer in catalogue.catalog(query.category)]


@routes.get("/products/<product_id>/availability")
@keyed(SCOPE, limits=READING)
def availability(product_id: str) -> AvailabilityOut:
    """Whether a product, by slug or id, can be ordered now."""
    return AvailabilityOut.of(catalogue.availability(product_id))


@routes.get("/customers/<uuid:customer_id>/services")
@keyed(SCOPE, limits=READING)
def services(customer_id: UUID, query: PageQuery) -> Page[ServiceOut]:
    """What a customer has, newest first."""
    accounts.check_customer(principal(), customer_id)
    found = subscriptions.list_for_customer(customer_id, cursor=query.cursor, limit=query.limit)
    return found.showing([ServiceOut.of(line) for line in found.items])


@routes.get("/status/system")
@keyed(SCOPE, limits=READING)
def status() -> StatusOut:
    """How the panel does, for status pages."""
    return StatusOut.of(service.system_status())


@public_routes.get("/pricing")
@anyone(limits=READING)
def pricing() -> PricingOut:
    """Every plan on sale by the month, the cheapest first."""
    return PricingOut(plans=[PlanOut.of(product, price) for product, price in service.monthly_plans()])
