"""`/api/marketing-api/webhooks`: subscribing to events with a key."""

from uuid import UUID

from app.features.webhooks import service
from app.features.webhooks.schemas import EndpointIn, EndpointOut, GoneOut, NewEndpointOut
from app.features.webhooks.service import TooManyEndpoints
from app.kernel.access import keyed
from app.kernel.api import ApiRoutes
from app.kernel.pages import principal
from app.kernel.paging import Page, PageQuery

routes = ApiRoutes("webhooks", prefix="/api/marketing-api/webhooks", envelope=True, tag="Webhooks")

SCOPE, LIMITS = "webhook", ("10/minute",)


@routes.post("/register", status=201, errors=(TooManyEndpoints,), largest=32 * 1024)
@keyed(SCOPE, limits=LIMITS)
def register(body: EndpointIn) -> NewEndpointOut:
    """Be told what happens from now on.

    The answer is the only place where the signing secret is ever seen. Each
    delivery is a POST of `{"event", "timestamp", "data"}`, signed as the
    Standard Webhooks specification says, and besides in `X-MPanel-Signature`:
    `sha256=` and the hex HMAC-SHA-256 of `webhook-timestamp`, a dot and the
    body, with the secret's whole text as key. Anything but 2xx is tried again.
    """
    webhook, secret = service.create(
        body.name,
        body.url,
        events=body.events,
        headers=body.headers,
        retry_enabled=body.retry_enabled,
        is_restricted=service.is_restricted(principal()),
    )
    return NewEndpointOut.made(webhook, secret)


@routes.get("")
@keyed(SCOPE, limits=LIMITS)
def index(query: PageQuery) -> Page[EndpointOut]:
    """List the endpoints that keys of this kind have made, newest first."""
    found = service.find_page(
        only_restricted=service.is_restricted(principal()), cursor=query.cursor, limit=query.limit
    )
    return found.showing([EndpointOut.of(webhook) for webhook in found.items])


@routes.delete("/<uuid:webhook_id>")
@keyed(SCOPE, limits=LIMITS)
def delete(webhook_id: UUID) -> GoneOut:
    """Be told nothing any more."""
    webhook = service.find(principal(), webhook_id)
    service.delete(webhook)
    return GoneOut(id=webhook.id)
