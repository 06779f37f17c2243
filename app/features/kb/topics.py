"""Topics: under which articles stand on the first page of the help centre."""

from uuid import UUID

import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.kb import rules
from app.features.kb.models import Article, Category, LivePage
from app.kernel import db, slugs
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.texts import checked

KIND = "kb_topic"
MOST = 60


class InUse(Conflict):
    """Articles stand under the topic: 409."""

    code, text = "topic_in_use", "Articles stand under this topic. Give them another one first."


def every() -> list[Category]:
    """All topics in their order. A tenant has `MOST` at most."""
    return list(db.session().scalars(sa.select(Category).order_by(Category.position, Category.name, Category.id)))


def by_id() -> dict[UUID, Category]:
    """The same, to be looked up."""
    return {topic.id: topic for topic in every()}


def find(topic_id: UUID) -> Category:
    """One topic.

    Raises:
        NotFound: there is none with this id.
    """
    found = db.session().scalar(sa.select(Category).where(Category.id == topic_id))
    if found is None:
        raise NotFound()
    return found


def by_slug(slug: str) -> Category | None:
    """The topic at that address, if there is one."""
    return db.session().scalar(sa.select(Category).where(Category.slug == slug))


def create(name: str, *, description: str = "", icon: str = rules.ICONS[0], position: int = 0) -> Category:
    """Make a topic; its address is made of its name and stays.

    Raises:
        Invalid: something that cannot be; names the field.
    """
    fields = checked(rules.TOPIC, {"name": name, "description": description, "icon": icon, "position": position})
    known = every()
    if len(known) >= MOST:
        raise Invalid.field("name", f"{MOST} topics are as many as people look through.")
    taken = {topic.slug for topic in known}
    topic = Category(slug=slugs.free(slugs.made_of(fields["name"], fallback="topic"), taken.__contains__), **fields)
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
    given = {"name": name, "description": description, "icon": icon, "position": position}
    for field, value in checked(rules.TOPIC, given).items():
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


def counts() -> dict[UUID | None, int]:
    """How many articles readers find under each topic. One query over one index."""
    counted = sa.select(LivePage.category_id, sa.func.count()).where(LivePage.number.is_not(None))
    return {row[0]: row[1] for row in db.session().execute(counted.group_by(LivePage.category_id))}
