"""Topics: under which articles stand on the first page of the help centre."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.kb import words
from app.features.kb.models import Article, Category, LivePage
from app.kernel import db
from app.kernel.errors import Conflict, Invalid
from app.kernel.schemas import one_line

KIND = "kb_topic"
MOST = 60
LONGEST_NAME, LONGEST_DESCRIPTION = 60, 160
ICONS = (
    "book-2", "mail", "world", "server-2", "receipt", "shield-check", "rocket", "database", "code", "users", "settings",
    "lifebuoy", "cash", "key", "plug-connected", "device-mobile",
)  # fmt: skip
"""Drawings to choose from."""


class InUse(Conflict):
    """Articles stand under the topic: 409."""

    code, text = "topic_in_use", "Articles stand under this topic. Give them another one first."


def every() -> list[Category]:
    """All topics in their order. A tenant has `MOST` at most."""
    return list(db.session().scalars(sa.select(Category).order_by(Category.position, Category.name, Category.id)))


def by_slug(slug: str) -> Category | None:
    """The topic at that address, if there is one."""
    return db.session().scalar(sa.select(Category).where(Category.slug == slug))


def create(name: str, *, description: str = "", icon: str = ICONS[0], position: int = 0) -> Category:
    """Make a topic; its address is made of its name and stays.

    Raises:
        Invalid: something that cannot be; names the field.
    """
    fields = _checked(name, description, icon, position)
    known = every()
    if len(known) >= MOST:
        raise Invalid.field("name", f"{MOST} topics are as many as people look through.")
    topic = Category(slug=_free(words.slug(name) or "topic", known), **fields)
    try:
        with db.session().begin_nested():
            db.session().add(topic)
            db.session().flush()
    except sa.exc.IntegrityError as problem:
        raise Invalid.field("name", "There is such a topic already.") from problem
    audit.record("TOPIC_CREATED", resource_type=KIND, resource_id=topic.id)
    return topic


def change(topic: Category, *, name: str, description: str, icon: str, position: int) -> None:
    """Call it otherwise. Its address stays.

    Raises:
        Invalid: something that cannot be; names the field.
    """
    for field, value in _checked(name, description, icon, position).items():
        setattr(topic, field, value)
    db.session().flush()
    audit.record("TOPIC_CHANGED", resource_type=KIND, resource_id=topic.id)


def delete(topic: Category) -> None:
    """Let it go, once nothing stands under it.

    Raises:
        InUse: articles do.
    """
    some = sa.select(Article.id).where(Article.category_id == topic.id).limit(1)
    shown = sa.select(LivePage.id).where(LivePage.category_id == topic.id).limit(1)
    if db.session().scalar(some) is not None or db.session().scalar(shown) is not None:
        raise InUse()
    db.session().delete(topic)
    db.session().flush()
    audit.record("TOPIC_DELETED", resource_type=KIND, resource_id=topic.id)


def _free(wish: str, known: Sequence[Category]) -> str:
    taken = {topic.slug for topic in known}
    tries = [wish, *(f"{wish}-{number}" for number in range(2, MOST + 2))]
    return next(slug for slug in tries if slug not in taken)


def _checked(name: str, description: str, icon: str, position: int) -> dict[str, Any]:
    problems = {}
    name, description = " ".join(name.split()), " ".join(description.split())
    for field, text, longest in (("name", name, LONGEST_NAME), ("description", description, LONGEST_DESCRIPTION)):
        try:
            one_line(text)
        except ValueError:
            problems[field] = "This must be one line of plain text."
        if len(text) > longest:
            problems[field] = f"{longest} characters at most."
    if not name:
        problems["name"] = "Give it a name."
    if icon not in ICONS:
        problems["icon"] = "Choose one of these drawings."
    if not 0 <= position <= 999:
        problems["position"] = "A whole number from 0 to 999."
    if problems:
        raise Invalid(fields=problems)
    return {"name": name, "description": description, "icon": icon, "position": position}


def counts() -> dict[UUID | None, int]:
    """How many articles readers find under each topic. One query over one index."""
    counted = sa.select(LivePage.category_id, sa.func.count()).where(LivePage.number.is_not(None))
    return {row[0]: row[1] for row in db.session().execute(counted.group_by(LivePage.category_id))}
