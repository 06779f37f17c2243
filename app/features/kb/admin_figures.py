"""`/admin/kb/figures`: what readers read, found and missed."""

from flask.typing import ResponseReturnValue

from app.features.kb import figures
from app.features.kb.admin import CRUMBS
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.pages import PageRoutes, page

routes = PageRoutes("kb_figures", prefix="/admin/kb/figures")


@routes.get("")
@requires(staff=Role.MEMBER)
def index() -> ResponseReturnValue:
    """All of it on one page."""
    zone, sums = tenants.current().time_zone, figures.sums()
    share = f"{sums.yes_votes * 100 // sums.votes} %" if sums.votes else "no votes yet"
    return page(
        "kb/admin/figures.html",
        crumbs=[*CRUMBS, ("Figures", None)],
        days=figures.DAYS,
        sums=sums,
        share=share,
        votes=words.plural(sums.votes, "vote"),
        in_vain=figures.in_vain(),
        without_click=figures.without_click(),
        read_most=figures.read_most(),
        helped_least=figures.helped_least(),
        stale=[(one.article_id, one.title, words.day(one.updated_at, zone)) for one in figures.stale()],
    )
