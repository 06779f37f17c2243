"""What the blog adds to pages that show many rooms."""

import sqlalchemy as sa

from app.features.blog.models import Post
from app.features.blog.service import KIND
from app.kernel import db, searching
from app.kernel.access import Role
from app.kernel.slots import Hit


def search(text: str, *, role: Role, limit: int = 5) -> list[Hit]:
    """Posts by the beginnings of their words, the newest first. Three queries at most."""
    found = searching.record_ids(KIND, text) if role >= Role.VIEWER else []
    if not found:
        return []
    wanted = sa.select(Post).where(Post.id.in_(found)).order_by(Post.dated_at.desc(), Post.id.desc()).limit(limit)
    return [
        Hit("Posts", post.title, post.state.capitalize(), f"/admin/blog/{post.id}", "article")
        for post in db.session().scalars(wanted)
    ]
