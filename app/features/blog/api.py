"""`/api/marketing/blog` for everybody, `/api/v1/blog` for staff."""

from collections.abc import Callable
from uuid import UUID

from app.features.blog import reading, service
from app.features.blog.models import Post
from app.features.blog.schemas import (
    PostChange,
    PostIn,
    PostOut,
    ReadOut,
    ReadQuery,
    ScheduleIn,
    SummariesOut,
)
from app.features.blog.service import ChangedMeanwhile, NotYours
from app.features.tenants import service as tenants
from app.kernel.access import Role, anyone, requires
from app.kernel.api import ApiRoutes
from app.kernel.errors import NotFound
from app.kernel.pages import principal
from app.kernel.paging import Page, PageQuery
from app.kernel.schemas import SeenQuery

public_routes = ApiRoutes("blog_public", prefix="/api/marketing/blog", tag="Marketing site, public")
routes = ApiRoutes("blog", prefix="/api/v1/blog", tag="Blog")

READING = ("100/minute",)


@public_routes.get("")
@anyone(limits=READING)
def posts(query: ReadQuery) -> SummariesOut:
    """What is published, newest first."""
    found = reading.published(query, search=query.search, tag=query.tag, category=query.category)
    tags = reading.tags_of(post.id for post in found.items)
    return SummariesOut.of(found, tags, tenants.base_url(tenants.current()))


@public_routes.get("/<slug>", errors=(NotFound,))
@anyone(limits=READING)
def post(slug: str) -> ReadOut:
    """One post, by its slug or one that it had before."""
    found = reading.find(slug)
    return ReadOut.of(found, service.tags_of(found), tenants.base_url(tenants.current()))


@routes.get("/posts")
@requires(staff=Role.VIEWER)
def index(query: PageQuery) -> Page[PostOut]:
    """List the posts, whatever their state, the last begun first."""
    found = service.list_posts(cursor=query.cursor, limit=query.limit)
    tags = reading.tags_of(one.id for one in found.items)
    return found.showing([PostOut.of(one, tags.get(one.id, [])) for one in found.items])


@routes.post("/posts", status=201)
@requires(staff=Role.MEMBER)
def create(body: PostIn) -> PostOut:
    """Begin a draft."""
    return _shown(service.create(principal(), **body.model_dump()))


def _shown(found: Post) -> PostOut:
    return PostOut.of(found, service.tags_of(found))


@routes.get("/posts/<uuid:post_id>", errors=(NotFound,))
@requires(staff=Role.VIEWER)
def show(post_id: UUID) -> PostOut:
    """One post."""
    return _shown(service.find(principal(), post_id))


@routes.patch("/posts/<uuid:post_id>", errors=(NotFound, ChangedMeanwhile, NotYours))
@requires(staff=Role.MEMBER)
def update(post_id: UUID, body: PostChange) -> PostOut:
    """Put it in other words; what is published or will be, ADMINs alone."""
    found = service.find(principal(), post_id)
    given = body.model_dump(exclude={"revision"}, exclude_unset=True)
    service.change(principal(), found, revision=body.revision, **given)
    return _shown(found)


@routes.post("/posts/<uuid:post_id>/publish", errors=(NotFound, ChangedMeanwhile))
@requires(staff=Role.ADMIN)
def publish(post_id: UUID, query: SeenQuery) -> PostOut:
    """Let everybody read it from now on."""
    return _done(post_id, lambda found: service.publish(found, revision=query.revision))


def _done(post_id: UUID, act: Callable[[Post], None]) -> PostOut:
    found = service.find(principal(), post_id)
    act(found)
    return _shown(found)


@routes.post("/posts/<uuid:post_id>/schedule", errors=(NotFound, ChangedMeanwhile))
@requires(staff=Role.ADMIN)
def schedule(post_id: UUID, body: ScheduleIn) -> PostOut:
    """Let it publish itself at a time to come."""
    return _done(post_id, lambda found: service.schedule(found, body.at, revision=body.revision))


@routes.post("/posts/<uuid:post_id>/withdraw", errors=(NotFound,))
@requires(staff=Role.ADMIN)
def withdraw(post_id: UUID) -> PostOut:
    """Make it a draft again."""
    return _done(post_id, service.withdraw)


@routes.post("/posts/<uuid:post_id>/archive", errors=(NotFound,))
@requires(staff=Role.ADMIN)
def archive(post_id: UUID) -> PostOut:
    """Take it from everybody's sight."""
    return _done(post_id, service.archive)


@routes.post("/posts/<uuid:post_id>/restore", errors=(NotFound,))
@requires(staff=Role.ADMIN)
def restore(post_id: UUID) -> PostOut:
    """Bring it back from the archive, as a draft."""
    return _done(post_id, service.restore)
