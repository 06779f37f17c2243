"""`/api/kb/admin`: writing articles, for programs of staff."""

from uuid import UUID

from app.features.kb import figures, publishing, service, topics
from app.features.kb.models import Article
from app.features.kb.schemas import ArticleChange, ArticleIn, DraftOut, StatsOut, WordsOut
from app.features.kb.service import Archived, EditedMeanwhile, Scheduled
from app.kernel.access import Role, requires
from app.kernel.api import ApiRoutes
from app.kernel.errors import Forbidden, Invalid, NotFound
from app.kernel.pages import is_at_least, principal
from app.kernel.paging import Page, PageQuery

routes = ApiRoutes("kb_admin", prefix="/api/kb/admin", tag="Help centre")


@routes.get("/articles")
@requires(staff=Role.MEMBER)
def index(query: PageQuery) -> Page[DraftOut]:
    """List the articles in every state, newest first."""
    found = service.listed(cursor=query.cursor, limit=query.limit)
    return found.showing([DraftOut.of(article) for article in found.items])


@routes.post("/articles", status=201, errors=(Forbidden, Invalid))
@requires(staff=Role.MEMBER)
def create(body: ArticleIn) -> DraftOut:
    """Write an article, as a draft or for readers at once."""
    _check_role(body)
    article = service.create(body.words(_category(body.category)))
    return _published(article, body)


@routes.put("/articles/<uuid:article_id>", errors=(Archived, EditedMeanwhile, Forbidden, Invalid, NotFound, Scheduled))
@requires(staff=Role.MEMBER)
def update(article_id: UUID, body: ArticleChange) -> DraftOut:
    """Write it anew, as another version."""
    _check_role(body)
    article = service.find_to_change(principal(), article_id)
    service.save(article, body.words(_category(body.category)), seen=body.revision)
    return _published(article, body)


def _check_role(body: ArticleIn) -> None:
    if body.publish and not is_at_least(Role.ADMIN):
        raise Forbidden("Admins publish.")


def _category(slug: str) -> UUID | None:
    topic = topics.by_slug(slug) if slug else None
    if slug and topic is None:
        raise Invalid.field("category", "There is no such topic.")
    return topic.id if topic else None


def _published(article: Article, body: ArticleIn) -> DraftOut:
    if body.publish:
        publishing.publish(article)
    return DraftOut.of(article)


@routes.get("/stats")
@requires(staff=Role.MEMBER)
def stats() -> StatsOut:
    """What readers read, found and missed in the last 30 days."""
    sums = figures.sums()
    return StatsOut(
        articles=sums.articles,
        views=sums.views,
        helpful=sums.yes_votes,
        votes=sums.votes,
        searches=sums.searches,
        searches_in_vain=sums.misses,
        searches_without_click=sums.unclicked,
        in_vain=[WordsOut(**one._asdict()) for one in figures.in_vain()],
        without_click=[WordsOut(**one._asdict()) for one in figures.without_click()],
    )
