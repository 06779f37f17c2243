"""`mpanel` as it is measured: `python -m tests.bench.serve web`.

Limits are counted as ever, but none is reached; and a request with the header
`X-Bench-Audit` writes an audit row, as the doors do it: in a transaction of
its own, after the answer's.
"""

from functools import lru_cache

from flask import Flask, request
from limits import RateLimitItem, parse

from app.cli import main
from app.config import Settings
from app.features.audit import service as audit
from app.kernel import aftermath, limits
from app.running import web

ROOMY = 10**9
_create_app = web.create_app


@lru_cache(maxsize=512)
def roomy(rule: str) -> RateLimitItem:
    """The limit of `rule` with its window and without its bound."""
    item = parse(rule)
    return type(item)(ROOMY, item.multiples)


def noting(settings: Settings) -> Flask:
    """The panel, which writes an audit row where it is asked to."""
    app = _create_app(settings)
    app.before_request(note)
    return app


def note() -> None:
    """Ask for the row."""
    if "X-Bench-Audit" in request.headers:
        aftermath.later(lambda: audit.record("DATA_EXPORTED", resource_type="customer", resource_id=None))


if __name__ == "__main__":
    limits._parsed = roomy
    web.create_app = noting
    main()
