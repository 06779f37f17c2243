"""What the knowledge base adds to pages of the top storey."""

import sqlalchemy as sa

from app.features.kb.models import Article
from app.features.kb.service import KIND
from app.kernel import db, searching
from app.kernel.access import Role
from app.kernel.slots import Hit


def search(text: str, *, role: Role, limit: int = 5) -> list[Hit]:
    """Articles in every state by the beginnings of words in titles, tags and addresses."""
    found = searching.record_ids(KIND, text) if role >= Role.MEMBER else []
    if not found:
        return []
    wanted = sa.select(Article).where(Article.id.in_(found)).order_by(Article.changed_at.desc(), Article.id)
    return [
        Hit("Articles", one.title, one.state,
            f"/admin/kb/{one.id}", "book-2")
        for one in db.session().scalars(wanted.limit(limit))
    ]  # fmt: skip
