"""`/testimonials`: what customers say about the house, for everybody."""

from flask import request
from flask.typing import ResponseReturnValue

from app.features.testimonials import service
from app.kernel import sitemaps
from app.kernel.access import anyone
from app.kernel.numbered import DEEPEST, NumberedQuery
from app.kernel.pages import PageRoutes, page

routes = PageRoutes("testimonials_public", prefix="/testimonials")

ON_A_PAGE = 24
sitemaps.declare("testimonials", stored=service.addresses)


@routes.get("")
@anyone()
def index() -> ResponseReturnValue:
    """Featured ones large on the first page, the others below in their order."""
    number = _number(request.args.get("page", ""))
    found = service.shown(NumberedQuery(page=number, limit=ON_A_PAGE), is_featured=False)
    return page(
        "testimonials/public/index.html",
        featured=service.featured() if number == 1 else [],
        found=found,
    )


def _number(text: str) -> int:
    """The page that is asked for; what makes no sense is the first."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else 1
    return number if 1 <= number <= DEEPEST // ON_A_PAGE else 1
