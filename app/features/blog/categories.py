"""Categories: under which posts stand. The only writer of their table, and of the copies of their names on posts.

A post that names a new category makes it; ADMINs make, rename, move and delete them.
"""

from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import service as audit
from app.features.blog.models import Post, PostCategory
from app.features.blog.rules import CATEGORY_RULES, key_of
from app.kernel import db, slugs
from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.texts import checked

RESOURCE = "post_category"
MOST = 100


class InUse(Conflict):
    """Posts stand under the category: 409."""

    code = "category_in_use"
    text = "Posts stand under this category, some perhaps in the archive. Say under which one they are to stand."


class Counted(NamedTuple):
    """A category, how many posts it has in whatever state, and how many of them everybody reads."""

    category: PostCategory
    posts: int
    published: int


def every() -> list[PostCategory]:
    """All categories by name. A tenant has `MOST` at most."""
    return list(db.session().scalars(sa.select(PostCategory).order_by(PostCategory.name_key)))


def counted() -> list[Counted]:
    """All categories by name, with their posts. Two queries."""
    published = sa.func.count(Post.published_at).filter(Post.archived_at.is_(None))
    wanted = sa.select(Post.category_key, sa.func.count(), published).where(Post.category_key != "")
    counts = {row[0]: (row[1], row[2]) for row in db.session().execute(wanted.group_by(Post.category_key))}
    return [Counted(category, *counts.get(category.key, (0, 0))) for category in every()]


def find(category_id: UUID) -> PostCategory:
    """One category of the tenant that is set.

    Raises:
        NotFound: there is none.
    """
    found = db.session().scalar(sa.select(PostCategory).where(PostCategory.id == category_id))
    if found is None:
        raise NotFound()
    return found


def filed_under(name: str) -> dict[str, str]:
    """What a post holds of the category of that name, which is made where there is none yet; "" is no category.

    The category neither changes nor goes before this unit of work ends. Call it before the post is locked, for a
    rename locks the category first and its posts after.

    Raises:
        Invalid: there are `MOST` already, or somebody else is making this one now.
    """
    if not name:
        return {"category": "", "category_key": ""}
    wanted = sa.select(PostCategory).where(PostCategory.name_key == key_of(name))
    locked = wanted.with_for_update(read=True).execution_options(populate_existing=True)
    try:
        found = db.session().scalar(locked) or create(name)
    except Invalid as refusal:
        raise Invalid.field("category", refusal.fields["name"]) from refusal
    return {"category": found.name, "category_key": found.key}


def create(name: str) -> PostCategory:
    """Make a category; its address is made of its name and stays.

    Raises:
        Invalid: the name is none, or taken, or there are `MOST` already; names the field.
    """
    name = checked(CATEGORY_RULES, {"name": name})["name"]
    known = every()
    if len(known) >= MOST:
        raise Invalid.field("name", f"{MOST} categories are as many as people look through.")
    taken = {category.key for category in known}
    made = PostCategory(key=slugs.free(key_of(name), taken.__contains__))
    _store("CATEGORY_CREATED", made, name)
    return made


def _store(action: str, category: PostCategory, name: str) -> None:
    """The unique keys decide, so that of two at once one is refused."""
    try:
        with db.session().begin_nested():
            category.name, category.name_key = name, key_of(name)
            db.session().add(category)
            db.session().flush()
    except sa.exc.IntegrityError as problem:
        raise Invalid.field("name", "Another category is called so.", code="name_taken") from problem
    audit.record(action, resource_type=RESOURCE, resource_id=category.id)


def rename(category: PostCategory, name: str) -> None:
    """Call it otherwise, on all its posts too. Its address stays.

    Raises:
        Invalid: the name is none, or taken; names the field.
    """
    name = checked(CATEGORY_RULES, {"name": name})["name"]
    _lock(category)
    if name == category.name:
        return
    _store("CATEGORY_RENAMED", category, name)
    _file(category.key, category)


def _lock(*categories: PostCategory) -> None:
    """Nobody else changes them, or files a post under them, until this unit of work ends.

    Raises:
        NotFound: somebody deleted one meanwhile.
    """
    for category in sorted(categories, key=lambda one: one.id):
        wanted = sa.select(PostCategory).where(PostCategory.id == category.id).with_for_update()
        if db.session().scalar(wanted.execution_options(populate_existing=True)) is None:
            raise NotFound()


def _file(key: str, category: PostCategory) -> None:
    """Let the posts under `key` stand under this one. Who is writing one of them is told when they save it."""
    named = {"category": category.name, "category_key": category.key, "revision": Post.revision + 1}
    db.session().execute(sa.update(Post).where(Post.category_key == key).values(named))


def delete(category: PostCategory, *, instead: PostCategory | None = None) -> None:
    """Let it go, once no post stands under it; with `instead`, those that do stand under that one from now on.

    Raises:
        InUse: posts do, and there is no other one for them.
        Invalid: the other one is the same one.
    """
    if instead is not None and instead.id == category.id:
        raise Invalid.field("instead", "Choose another category.")
    _lock(*filter(None, (category, instead)))
    if instead is not None:
        _file(category.key, instead)
    elif db.session().scalar(sa.select(Post.id).where(Post.category_key == category.key).limit(1)) is not None:
        raise InUse()
    db.session().delete(category)
    db.session().flush()
    audit.record("CATEGORY_DELETED", resource_type=RESOURCE, resource_id=category.id)
