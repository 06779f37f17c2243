"""`/api/kb`: the help centre for programs. Nobody needs to be signed in."""

from uuid import UUID

from app.features.kb import finding, reading, rules, topics, votes
from app.features.kb.finding import Found
from app.features.kb.schemas import (
    ArticleOut,
    ArticlesOut,
    ArticlesQuery,
    HeadingOut,
    HitOut,
    PopularQuery,
    TeaserOut,
    VoteIn,
    VoteOut,
)
from app.features.tenants import service as tenants
from app.kernel.access import anyone
from app.kernel.api import ApiRoutes
from app.kernel.errors import NotFound
from app.kernel.pages import visitor

routes = ApiRoutes("kb", prefix="/api/kb", tag="Help centre")

LIMITS = ("120/minute",)


@routes.get("/articles", errors=(NotFound,))
@anyone(limits=LIMITS)
def index(query: ArticlesQuery) -> ArticlesOut:
    """Look for articles: by words, under a topic, with a tag; without words, all of them by title."""
    topic = topics.by_slug(query.category) if query.category else None
    if query.category and topic is None:
        raise NotFound("There is no such topic.")
    category_id, tag = topic.id if topic else None, rules.tag(query.tag) or None
    if query.q.strip():
        return _found(finding.search(query.q, page=query.page, category_id=category_id, tag=tag))
    rows, total = reading.listed(query.page, finding.ON_A_PAGE, category_id=category_id, tag=tag)
    known = topics.by_id()
    return ArticlesOut(
        articles=[
            HitOut.marking(one, known, title=[(one.title, False)], snippet=[(one.summary, False)]) for one in rows
        ],
        page=query.page,
        total=total,
        has_more=total > query.page * finding.ON_A_PAGE,
        corrected="",
    )


def _found(found: Found) -> ArticlesOut:
    rows, known = reading.some([hit.article_id for hit in found.hits]), topics.by_id()
    return ArticlesOut(
        articles=[
            HitOut.marking(rows[hit.article_id], known, title=hit.title, snippet=hit.snippet)
            for hit in found.hits
            if hit.article_id in rows
        ],
        page=found.page,
        total=found.total,
        has_more=found.has_more,
        corrected=found.corrected,
    )


@routes.get("/articles/<slug>", errors=(NotFound,))
@anyone(limits=LIMITS)
def show(slug: str) -> ArticleOut:
    """One article as readers see it."""
    found, known = reading.page(slug), topics.by_id()
    topic = known.get(found.category_id) if found.category_id else None
    return ArticleOut(
        id=found.article_id,
        slug=found.slug,
        url=f"{tenants.base_url(tenants.current())}/help/{found.slug}",
        title=found.title,
        summary=found.summary,
        category=topic.slug if topic else "",
        tags=found.tags,
        html=found.html,
        contents=[HeadingOut(level=level, text=text, anchor=anchor) for level, text, anchor in found.contents],
        minutes=found.minutes,
        author=reading.author_of(found.article_id),
        published_at=found.created_at,
        updated_at=found.updated_at,
        views=found.views,
        helpful=found.yes_votes,
        votes=found.votes,
        related=[TeaserOut.of(one, known) for one in reading.related(found)],
    )


@routes.post("/articles/<uuid:article_id>/vote", errors=(NotFound,))
@anyone(limits=("20/hour",), as_nobody=True)
def vote(article_id: UUID, body: VoteIn) -> VoteOut:
    """Say whether an article helped: one vote for each network; said again, it replaces what was said."""
    network = visitor().network
    said = votes.vote(
        article_id,
        voter=votes.voter(network=network),
        is_helpful=body.helpful,
        comment=body.comment,
        network=network,
    )
    return VoteOut.of(said)


@routes.get("/popular")
@anyone(limits=LIMITS)
def popular(query: PopularQuery) -> list[TeaserOut]:
    """What is read most of late."""
    known = topics.by_id()
    return [TeaserOut.of(one, known) for one in reading.popular(query.limit)]


@routes.get("/tags/<tag>")
@anyone(limits=LIMITS)
def tagged(tag: str) -> list[TeaserOut]:
    """The articles with that tag by title, 200 at most; none where nobody uses it."""
    known = topics.by_id()
    return [TeaserOut.of(one, known) for one in reading.tagged(tag)]
