"""What every answer bears: its policy for browsers, its cache rule, its request id, its line in the log."""

import gzip
from typing import Any

from flask import Response, g, request

from app.config import Settings
from app.kernel import limits, logs, metrics
from app.kernel.access import Principal
from app.kernel.pages import maybe_principal

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
COMPRESSED = frozenset({"text/html", "text/css", "text/plain", "application/json", "application/problem+json"})
SMALLEST_COMPRESSED = 1200
ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_LOWER = {name: name.lower() for name in ALWAYS}
_HSTS = "Strict-Transport-Security"


def add(response: Response, settings: Settings, request_id: str) -> None:
    """Set the headers that the view has not set itself."""
    headers = response.headers
    given = {name.lower(): value for name, value in headers}  # read once: each question to `headers` walks them all
    for name, value in ALWAYS.items():
        if _LOWER[name] not in given:
            headers.add(name, value)
    if settings.is_https and _HSTS.lower() not in given:
        headers.add(_HSTS, "max-age=31536000; includeSubDomains")
    headers.add("X-Request-Id", request_id)
    _cache_rule(response, given)
    compress(response)
    tightest = limits.tightest()
    if tightest is not None:
        headers["RateLimit-Limit"] = str(tightest.limit)
        headers["RateLimit-Remaining"] = str(tightest.remaining)
        headers["RateLimit-Reset"] = str(tightest.reset_seconds)


def compress(response: Response) -> None:
    """Gzip a text of more than a packet, where the browser takes it."""
    if (
        response.direct_passthrough
        or response.is_streamed
        or response.mimetype not in COMPRESSED
        or "Content-Encoding" in response.headers
    ):
        return
    plain = response.get_data()
    if len(plain) < SMALLEST_COMPRESSED or not request.accept_encodings["gzip"]:
        return
    response.set_data(gzip.compress(plain, compresslevel=3, mtime=0))
    response.headers["Content-Encoding"] = "gzip"


def _cache_rule(response: Response, given: dict[str, str]) -> None:
    """Nobody's page is ever kept for somebody else; only a view that says so is cached at all."""
    rule = given.get("cache-control")
    varies = [given["vary"]] if given.get("vary") else []
    if (rule is None or maybe_principal() is not None) and "immutable" not in (rule or ""):
        if rule != "no-store":
            response.headers["Cache-Control"] = "no-store"
        varies.append("Cookie")
    response.headers["Vary"] = ", ".join((*varies, "Accept-Encoding"))


def log_request(outcome: dict[str, Any], who: Principal | None) -> None:
    """One line in the log and one count in the metrics. The query string is never logged."""
    tenant = g.get("tenant")
    logs.request_line(
        method=request.method,
        path=request.path,
        request_id=g.request_id,
        tenant=str(tenant.id) if tenant is not None else None,
        user=str(who.user_id) if who is not None and who.user_id else None,
        **outcome,
    )
    metrics.count_request(request.method, str(request.url_rule or "none"), outcome["status"], outcome["ms"] / 1000)
