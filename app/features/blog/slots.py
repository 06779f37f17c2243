"""What the blog adds to pages that show many rooms."""

import sqlalchemy as sa

from app.features.blog.models import Post
from app.kernel import db
from app.kernel.access import Role
from app.kernel.slots import Hit


def search(text: str, *, role: Role, limit: int = 5) -> list[Hit]:
    """Posts whose title has what was typed, the newest first. One query, over some thousand titles."""
    wanted = text.strip().casefold()
    if role < Role.VIEWER or not wanted:
        return []
    found = sa.select(Post).where(Post.title_key.contains(wanted, autoescape=True))
    newest = found.options(sa.orm.defer(Post.body)).order_by(Post.dated_at.desc(), Post.id.desc()).limit(limit)
    return [
        Hit("Posts", post.title, post.state.capitalize(), f"/admin/blog/{post.id}", "article")
        for post in db.session().scalars(newest)
    ]
