"""A list of `kernel/lists.py` as a page: its rows, how many there are, the ways on and the orders to choose from.

    return listed("billing/admin/index.html", INVOICES, asked, _rows, one="invoice", crumbs=[...], states=STATES)

The template draws it with `ui.list_filters`, `ui.list_table` and `ui.sort_head`; it is given `asked`, `rows`, `foot`,
`sorts`, and `everything()`: how many there are when nothing is left out, counted only where the page says it.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from flask import Response

from app.kernel.asked import Asked, foot
from app.kernel.lists import Listing
from app.kernel.pages import page

Drawn = Iterable[tuple[Any, ...]]


def listed(
    template: str,
    listing: Listing,
    asked: Asked,
    draw: Callable[[list[Any]], Drawn],
    *,
    one: str,
    many: str | None = None,
    **context: Any,
) -> Response:
    """The page that `asked` asks for; `draw` makes of the rows found what the template writes.

    Raises:
        BadCursor: the cursor is not one that this list gave in this order.
    """
    found, total = listing.page(asked), listing.count(asked)

    @cache
    def everything() -> str:
        return (listing.count(listing.read({})) if asked.is_filtered else total).short

    return page(
        template,
        asked=asked,
        rows=list(draw(found.items)),
        everything=everything,
        foot=foot(asked, found, total, one, many),
        sorts=[(name, sort.label) for name, sort in listing.sorts.items()],
        **context,
    )
