"""The blog for programs: an Atom feed (RFC 4287)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID
from xml.etree import ElementTree

from app.features.blog.models import Post, PostTag

ATOM = "http://www.w3.org/2005/Atom"


def atom(posts: Sequence[Post], tags: dict[UUID, list[PostTag]], *, base: str, title: str, tagline: str) -> bytes:
    """The posts, whole, as feed readers take them; `base` is where the brand's people reach it."""
    feed = ElementTree.Element("feed", {"xmlns": ATOM, "xml:lang": "en", "xml:base": base})
    _add(feed, "id", f"{base}/blog")
    _add(feed, "title", title)
    if tagline:
        _add(feed, "subtitle", tagline)
    _add(feed, "link", rel="self", type="application/atom+xml", href=f"{base}/blog/feed.xml")
    _add(feed, "link", rel="alternate", type="text/html", href=f"{base}/blog")
    _add(feed, "updated", _moment(max((post.changed_at for post in posts), default=_BEGINNING)))
    for post in posts:
        _entry(feed, post, tags.get(post.id, []), base)
    return _written(feed)


_BEGINNING = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def _entry(feed: ElementTree.Element, post: Post, tags: Sequence[PostTag], base: str) -> None:
    entry = ElementTree.SubElement(feed, "entry")
    _add(entry, "id", f"urn:uuid:{post.id}")
    _add(entry, "title", post.title)
    _add(entry, "link", rel="alternate", type="text/html", href=base + post.path)
    _add(entry, "published", _moment(post.dated_at))
    _add(entry, "updated", _moment(max(post.changed_at, post.dated_at)))
    author = ElementTree.SubElement(entry, "author")
    _add(author, "name", post.author_name or "The team")
    if post.category_key:
        _add(entry, "category", term=post.category_key, label=post.category)
    for tag in tags:
        _add(entry, "category", term=tag.key, label=tag.name)
    _add(entry, "summary", post.summary)
    _add(entry, "content", post.html, type="html")


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _add(parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> None:
    child = ElementTree.SubElement(parent, name, attributes)
    child.text = _legal(text) if text is not None else None


def _legal(text: str) -> str:
    """Without what XML cannot bear."""
    return "".join(sign for sign in text if sign in "\t\n" or (sign >= " " and sign not in "\ufffe\uffff"))


def _written(root: ElementTree.Element) -> bytes:
    found = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    assert isinstance(found, bytes)
    return found
