"""`/blog`: what the house tells, for everybody."""

from collections.abc import Iterable, Iterator
from typing import Any

from flask import redirect, request
from flask.typing import ResponseReturnValue

from app.features.blog import feed, reading, service
from app.features.blog.models import Post, PostTag, cover_path
from app.features.blog.reading import ON_A_PAGE, POSTS, Topic
from app.features.branding import service as branding
from app.features.tenants import service as tenants
from app.kernel import sitemaps, words
from app.kernel.access import anyone
from app.kernel.lists import foot
from app.kernel.pages import PageRoutes, kept, maybe_principal, page

routes = PageRoutes("blog_public", prefix="/blog")

sitemaps.declare("blog", fixed=lambda: ("/blog",), stored=reading.addresses)


@routes.get("")
@anyone()
def index() -> ResponseReturnValue:
    """The posts, newest first; narrowed by words, a category or a tag."""
    asked = POSTS.read(request.args)
    found, total = POSTS.page(asked, limit=ON_A_PAGE), POSTS.count(asked)
    categories, tags = reading.categories(), reading.tags()
    return page(
        "blog/public/index.html",
        asked=asked,
        rows=list(_rows(found.items)),
        foot=foot(asked, found, total, "post"),
        categories=categories,
        tags=tags,
        topic=_named(categories, asked.values["category"]) or _named(tags, asked.values["tag"]),
        here=_canonical(asked.href()),
    )


def _named(topics: Iterable[Topic], key: str) -> str:
    return next((topic.name for topic in topics if topic.key == key), "")


def _canonical(path: str) -> str:
    return tenants.base_url(tenants.current()) + path


def _rows(found: Iterable[tuple[Any, ...]]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for _id, slug, title, summary, category, category_key, author, minutes, dated, cover_id in found:
        yield (
            f"/blog/{slug}", title, summary, category, f"/blog?category={category_key}", author,
            f"{minutes} min", words.day(dated, zone), dated.isoformat(), cover_path(cover_id),
        )  # fmt: skip


@routes.get("/feed.xml")
@anyone(limits=("60/minute",))
def atom() -> ResponseReturnValue:
    """The newest posts, whole, as Atom."""
    posts, brand = reading.newest(reading.IN_THE_FEED), branding.brand()
    title = f"{brand.name} blog"
    tags = reading.tags_of(post.id for post in posts)
    body = feed.atom(posts, tags, base=_canonical(""), title=title, tagline=brand.tagline)
    return kept(body, "application/atom+xml")


@routes.get("/sitemap.xml")
@anyone()
def sitemap() -> ResponseReturnValue:
    """Where robots looked for the posts once; the map of the whole site names them."""
    return redirect("/sitemap.xml", 301)


@routes.get("/<slug>")
@anyone()
def show(slug: str) -> ResponseReturnValue:
    """One post; an address that it had before leads to the one that it has."""
    post = reading.find(slug)
    if post.slug != slug:
        return redirect(post.path, 301)
    who = maybe_principal()
    if (who is None or not who.is_staff) and request.method == "GET":
        reading.note_view(post)
    tags = service.tags_of(post)
    zone = tenants.current().time_zone
    return page(
        "blog/public/show.html",
        post=post,
        html=service.html_of(post),
        contents=post.contents,
        tags=tags,
        dated=words.day(post.dated_at, zone),
        exact=words.exact(post.dated_at, zone),
        beside=reading.beside(post, tags),
        here=_canonical(post.path),
        picture=_canonical(post.picture) if post.picture else "",
        structured=_structured(post, tags),
    )


def _structured(post: Post, tags: list[PostTag]) -> dict[str, Any]:
    """The post for search engines, as schema.org says it."""
    name = branding.brand().name
    return {
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "headline": post.title,
        "description": post.meta_description or post.summary,
        "datePublished": post.dated_at.isoformat(),
        "dateModified": max(post.changed_at, post.dated_at).isoformat(),
        "author": {"@type": "Person" if post.author_name else "Organization", "name": post.author_name or name},
        **({"image": _canonical(post.picture)} if post.picture else {}),
        "publisher": {"@type": "Organization", "name": name},
        "mainEntityOfPage": _canonical(post.path),
        "keywords": ", ".join(tag.name for tag in tags),
        "articleSection": post.category,
    }
