"""`/robots.txt` and `/sitemap.xml`: what search engines may read of a brand, and where all of it is."""

from urllib.parse import urlsplit

from flask import Response, g
from flask.typing import ResponseReturnValue

from app.features.tenants import service as tenants
from app.features.tenants.models import Tenant
from app.kernel import sitemaps
from app.kernel.access import anyone
from app.kernel.errors import NotFound
from app.kernel.pages import PageRoutes, kept, visitor

routes = PageRoutes("crawlers")

CLOSED_TO_ALL = ("/",)
NOT_FOR_SEARCH = ("/admin", "/client", "/reseller", "/api", "/oauth")
"""Doors behind which nothing is for strangers to find. Links that let somebody in say `noindex` themselves, and are
not named here: what is named is not fetched, and so its `noindex` is not seen."""
LIMITS = ("60/minute",)


@routes.get("/robots.txt")
@anyone(limits=LIMITS, always=True)
def robots() -> ResponseReturnValue:
    """What may be read: the public pages of an open brand at its own address, nothing at any other name for it."""
    tenant: Tenant = g.tenant
    is_found = _is_open(tenant) and visitor().host == urlsplit(tenants.base_url(tenant)).hostname
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in (NOT_FOR_SEARCH if is_found else CLOSED_TO_ALL))]
    if is_found:
        lines += ["", f"Sitemap: {tenants.base_url(tenant)}/sitemap.xml"]
    return kept("\n".join(lines) + "\n", "text/plain")


def _is_open(tenant: Tenant) -> bool:
    return not tenant.is_suspended and not tenant.is_closed


@routes.get("/sitemap.xml")
@anyone(limits=LIMITS)
def sitemap() -> ResponseReturnValue:
    """Every public address of the brand, or the index of the files that name them."""
    return _xml(sitemaps.whole(tenants.base_url(tenants.current())))


@routes.get("/sitemap-<part>-<int:ordinal>.xml")
@anyone(limits=LIMITS)
def sitemap_file(part: str, ordinal: int) -> ResponseReturnValue:
    """One file of that index."""
    found = sitemaps.file(tenants.base_url(tenants.current()), part, ordinal)
    if found is None:
        raise NotFound()
    return _xml(found)


def _xml(text: str) -> Response:
    return kept(text, "application/xml")
