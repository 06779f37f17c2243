"""Where posts are found. An address that anybody may know leads to one post, for ever."""

import sqlalchemy as sa

from app.features.blog.models import Post, PostSlug
from app.kernel import db, slugs
from app.kernel.errors import Invalid


def chosen(post: Post, wanted: str) -> str:
    """`wanted` if no other post has or had it; made of the title, numbered, where none is wanted.

    Raises:
        Invalid: another one has it, or had it.
    """

    def is_taken(slug: str) -> bool:
        others = sa.select(PostSlug.id).where(PostSlug.slug == slug)
        if post.id is not None:
            others = others.where(PostSlug.post_id != post.id)
        return db.session().scalar(others) is not None

    if wanted and is_taken(wanted):
        raise _taken()
    return wanted or slugs.free(slugs.made_of(post.title, fallback="post"), is_taken)


def _taken() -> Invalid:
    return Invalid.field("slug", "Another post has this address, or had it.", code="slug_taken")


def claim(post: Post) -> None:
    """Store the slug. The unique key decides, so that of two at once one is refused.

    Raises:
        Invalid: another post was faster.
    """
    session = db.session()
    try:
        with session.begin_nested():
            session.flush()
            wanted = sa.select(PostSlug.id).where(PostSlug.slug == post.slug, PostSlug.post_id == post.id)
            if session.scalar(wanted) is None:
                session.add(PostSlug(post_id=post.id, slug=post.slug))
            session.flush()
    except sa.exc.IntegrityError as problem:
        raise _taken() from problem


def move(post: Post, slug: str) -> None:
    """Another address. The old one stays the post's, and leads to the new one, unless nobody ever could know it.

    Raises:
        Invalid: another post was faster.
    """
    old, post.slug = post.slug, slug
    if post.first_published_at is None:
        for row in db.session().scalars(sa.select(PostSlug).where(PostSlug.post_id == post.id, PostSlug.slug == old)):
            db.session().delete(row)
    claim(post)
