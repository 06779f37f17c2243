"""`mpanel` with roomy limits: each is counted as ever, but none is reached. `python -m tests.bench.serve web`."""

from functools import lru_cache

from limits import RateLimitItem, parse

from app.cli import main
from app.kernel import limits

ROOMY = 10**9


@lru_cache(maxsize=512)
def roomy(rule: str) -> RateLimitItem:
    """The limit of `rule` with its window and without its bound."""
    item = parse(rule)
    return type(item)(ROOMY, item.multiples)


if __name__ == "__main__":
    limits._parsed = roomy
    main()
