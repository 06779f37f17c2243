"""`/api/marketing-api/admin/api-keys`: keys, for staff by their own login."""

from uuid import UUID

from app.features.api_keys import service
from app.features.api_keys.schemas import KeyIn, KeyOut, NewKeyOut
from app.kernel.access import Role, requires
from app.kernel.api import ApiRoutes
from app.kernel.pages import principal
from app.kernel.paging import Page, PageQuery

routes = ApiRoutes("api_keys", prefix="/api/marketing-api/admin/api-keys", envelope=True, tag="API keys")

LIMITS = ("10/minute",)


@routes.get("")
@requires(staff=Role.ADMIN, limits=LIMITS)
def index(query: PageQuery) -> Page[KeyOut]:
    """List the keys, newest first."""
    found = service.list_keys(cursor=query.cursor, limit=query.limit)
    return found.showing([KeyOut.of(key) for key, _ in found.items])


@routes.post("", status=201)
@requires(staff=Role.ADMIN, limits=LIMITS)
def create(body: KeyIn) -> NewKeyOut:
    """Make a key. The answer is the only place where it is ever seen."""
    key, secret = service.create(
        body.name, scopes=body.scopes, expires_in_days=body.expires_in, payments=body.payments or ""
    )
    return NewKeyOut.made(key, secret)


@routes.delete("/<uuid:key_id>")
@requires(staff=Role.ADMIN, limits=LIMITS)
def revoke(key_id: UUID) -> KeyOut:
    """Revoke a key. It stops at once; doing so again is no harm."""
    key = service.find(principal(), key_id)
    service.revoke(key)
    return KeyOut.of(key)
