"""Collecting what customers say, and deciding what the site shows.

Anybody of the staff from MEMBER up writes down what somebody said; it waits until an ADMIN approves it. What is on the
site is changed by ADMINs alone.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.audit import keys
from app.features.audit import service as audit
from app.features.files import service as files
from app.features.testimonials.models import Testimonial
from app.features.testimonials.rules import RULES
from app.kernel import clock, db, numbered
from app.kernel.access import Principal, Role
from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from app.kernel.numbered import Numbered, NumberedQuery
from app.kernel.paging import Page, page
from app.kernel.texts import checked

RESOURCE = "testimonial"
MOST_FEATURED = 6
"""Shown large on the public page."""
SHOWN = sa.and_(Testimonial.approved_at.is_not(None), Testimonial.archived_at.is_(None))
"""What makes the site show it."""


class OnTheSite(Forbidden):
    """It is approved, and the person may only write what waits: 403."""

    code, text = "approved_already", "It is on the site. An admin can change it."


class ChangedMeanwhile(Conflict):
    """Somebody put it in other words since it was read: 409."""

    code, text = "changed_meanwhile", "Somebody put this in other words since you read it. Read it again first."


def find(who: Principal, testimonial_id: UUID) -> Testimonial:
    """A testimonial of the asking member of staff's own tenant.

    Raises:
        NotFound: there is none with this id, or it is no concern of theirs.
    """
    wanted = sa.select(Testimonial).where(Testimonial.id == testimonial_id)
    found = db.session().scalar(wanted) if who.is_staff else None
    if found is None:
        raise NotFound()
    return found


def may_change(who: Principal, row: Testimonial) -> bool:
    """Whether the person may put it in other words."""
    role = who.staff_role or Role.VIEWER
    return role >= Role.ADMIN or (role >= Role.MEMBER and row.approved_at is None)


def create(**given: Any) -> Testimonial:
    """Write down what somebody said. It waits for approval, last in the order of the site.

    Raises:
        Invalid: names every field that cannot be.
    """
    fields = checked(RULES, {"name": "", "quote": "", "stars": None} | given)
    last = db.session().scalar(sa.select(sa.func.max(Testimonial.position))) or 0
    row = Testimonial(**fields, position=last + 1)
    db.session().add(row)
    db.session().flush()
    _claim(row)
    _record("TESTIMONIAL_CREATED", row)
    return row


def _claim(row: Testimonial) -> None:
    """Keep its photo for as long as it is shown here."""
    files.claim(RESOURCE, row.id, () if row.photo_id is None else (row.photo_id,))


def change(who: Principal, row: Testimonial, **given: Any) -> None:
    """Put it in other words.

    Raises:
        Invalid: names every field that cannot be.
        OnTheSite: it is approved, and the person is no ADMIN.
    """
    fields = checked(RULES, given)
    _lock(row)
    if not may_change(who, row):
        raise OnTheSite()
    changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
    if not changed:
        return
    before = row.photo_id
    for name, value in changed.items():
        setattr(row, name, value)
    row.revision += 1
    _claim(row)
    _record("TESTIMONIAL_UPDATED", row)
    if before is not None and before != row.photo_id:
        files.forget(before)


def _lock(row: Testimonial) -> None:
    """Nobody else changes it until this unit of work ends; what it holds is what is stored now."""
    db.session().refresh(row, with_for_update=True)


def approve(row: Testimonial, *, revision: int | None = None) -> None:
    """Show it on the site. An archived one comes back. `revision` is the one that was read; None does not look.

    Raises:
        ChangedMeanwhile: these are other words.
    """
    _lock(row)
    if row.is_shown:
        return
    _check_seen(row, revision)
    row.approved_at, row.rejected_at, row.archived_at = row.approved_at or clock.now(), None, None
    _record("TESTIMONIAL_APPROVED", row)


def _check_seen(row: Testimonial, revision: int | None) -> None:
    if revision is not None and revision != row.revision:
        raise ChangedMeanwhile()


def reject(row: Testimonial) -> None:
    """Do not show it; it stays with the staff."""
    _lock(row)
    if row.state == "rejected":
        return
    row.rejected_at, row.approved_at, row.archived_at, row.is_featured = clock.now(), None, None, False
    _record("TESTIMONIAL_REJECTED", row)


def archive(row: Testimonial) -> None:
    """Take it from the site and from the lists of what waits."""
    _lock(row)
    if row.archived_at is not None:
        return
    row.archived_at, row.is_featured = clock.now(), False
    _record("TESTIMONIAL_ARCHIVED", row)


def delete(row: Testimonial) -> None:
    """Forget it for good, its photo and what the log holds of it too: whoever said it may ask for that at any time."""
    _lock(row)
    photo_id = row.photo_id
    _record("TESTIMONIAL_DELETED", row)
    files.claim(RESOURCE, row.id, ())
    db.session().delete(row)
    db.session().flush()
    if photo_id is not None:
        files.forget(photo_id)
    keys.destroy(row.id)


DECISIONS: dict[str, Callable[[Testimonial], None]] = {"approve": approve, "reject": reject, "archive": archive}
"""What can be done with many at once."""


def decide(who: Principal, seen: Mapping[UUID, int | None], decision: str) -> int:
    """Approve, reject or archive several, all or none; how many. `seen` says which revision of each was read.

    Raises:
        ChangedMeanwhile: one of them was put in other words since.
        Invalid: there is no such decision, or none was chosen.
        NotFound: one of them is not there.
    """
    act = DECISIONS.get(decision)
    if act is None or not seen or len(seen) > 100:
        raise Invalid.field("ids", "Choose one to a hundred, and what to do with them.")
    rows = db.session().scalars(sa.select(Testimonial).where(Testimonial.id.in_(seen)).order_by(Testimonial.id)).all()
    if not who.is_staff or len(rows) < len(seen):
        raise NotFound()
    for row in rows:
        _lock(row)
        _check_seen(row, seen[row.id])
    for row in rows:
        act(row)
    return len(rows)


def move(row: Testimonial, way: str) -> None:
    """One place `up` or `down` in the order of the site, or to the `top`.

    Raises:
        Invalid: it is no way.
    """
    here, position = (Testimonial.position, Testimonial.id), Testimonial.position
    mine = sa.tuple_(sa.literal(row.position), sa.literal(row.id, Testimonial.id.type))
    if way == "top":
        row.position = (db.session().scalar(sa.select(sa.func.min(position))) or 0) - 1
        _record("TESTIMONIAL_MOVED", row)
        return
    if way not in {"up", "down"}:
        raise Invalid.field("way", "Up, down or to the top.")
    is_up = way == "up"
    wanted = sa.select(Testimonial).where(sa.tuple_(*here) < mine if is_up else sa.tuple_(*here) > mine)
    order = (position.desc(), Testimonial.id.desc()) if is_up else here
    other = db.session().scalar(wanted.where(Testimonial.archived_at.is_(None)).order_by(*order).limit(1))
    if other is None:
        return
    if other.position == row.position:
        row.position += -1 if is_up else 1
    else:
        row.position, other.position = other.position, row.position
    _record("TESTIMONIAL_MOVED", row)


def _record(action: str, row: Testimonial) -> None:
    audit.record(action, resource_type=RESOURCE, resource_id=row.id)


def featured() -> list[Testimonial]:
    """What the site shows large."""
    wanted = sa.select(Testimonial).where(SHOWN, Testimonial.is_featured)
    return list(db.session().scalars(wanted.order_by(Testimonial.position, Testimonial.id).limit(MOST_FEATURED)))


def shown(query: NumberedQuery, *, is_featured: bool | None = None) -> Numbered[Testimonial]:
    """What the site shows, featured ones first, each part in its order."""
    wanted = sa.select(Testimonial).where(SHOWN)
    if is_featured is not None:
        wanted = wanted.where(Testimonial.is_featured.is_(is_featured))
    order = (Testimonial.is_featured.desc(), Testimonial.position, Testimonial.id)
    return numbered.numbered(wanted.order_by(*order), query)


def addresses() -> sa.Select[Any, Any]:
    """The page of the site, once it shows anything: for search engines."""
    return (
        sa.select(sa.literal("/testimonials"), sa.func.max(Testimonial.approved_at))
        .where(SHOWN)
        .having(sa.func.count() > 0)
    )


def newest(*, cursor: str | None, limit: int) -> Page[Testimonial]:
    """All of them, the newest first."""
    return page(sa.select(Testimonial), Testimonial, cursor=cursor, limit=limit)
