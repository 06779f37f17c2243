"""By which name a record is known, and on which page it stands: said once, for pages that name records of many rooms.

`doors/records.py` says it. A room that names what is above it asks here, and imports nothing.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.kernel import db, tenancy
from app.kernel.access import Role


class Kind(NamedTuple):
    """One kind of record."""

    label: str
    """`Invoice`."""
    model: Any = None
    name: Any = None
    """The text, of the model's columns, that people know it by; None where it has none."""
    page: str = ""
    """The address of its page for staff, with `{}` where an id stands; empty where it has none."""
    page_of: Any = None
    """The column whose id that is, where the page is another record's."""
    role: Role = Role.VIEWER
    """Who of the staff may open it."""
    more_pages: tuple[str, ...] = ()
    """Patterns of other addresses at which it stands, its id the last part."""


class Known(NamedTuple):
    """One record as people know it."""

    name: str
    href: str | None


_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SOME_ID = re.compile(_ID)
_kinds: dict[str, Kind] = {}
_pages: list[tuple[re.Pattern[str], str]] = []


def wire(kinds: Mapping[str, Kind]) -> None:
    """Make these the kinds of this process."""
    _kinds.clear()
    _kinds.update(kinds)
    own = [(found.page.replace("{}", f"({_ID})"), kind) for kind, found in kinds.items() if found.page_of is None]
    more = [(page.format(f"({_ID})"), kind) for kind, found in kinds.items() for page in found.more_pages]
    _pages[:] = [(re.compile(page), kind) for page, kind in (*own, *more) if page]


def at(path: str) -> tuple[str, str] | None:
    """Kind and id of the record whose page for staff stands at `path`."""
    if _SOME_ID.search(path) is None:
        return None
    for page, kind in _pages:
        found = page.fullmatch(path)
        if found is not None:
            return kind, found[1]
    return None


def label(kind: str) -> str:
    """`Payment callback`."""
    found = _kinds.get(kind)
    return found.label if found is not None else kind.replace("_", " ").capitalize()


def find(records: Iterable[tuple[str, UUID]], *, role: Role) -> dict[tuple[str, UUID], Known]:
    """Those of `records` (kind and id) that are still there, as somebody of the staff with `role` may see them.

    One query, none for nothing.
    """
    wanted: dict[str, set[UUID]] = {}
    for kind, row_id in records:
        if kind in _kinds and _kinds[kind].name is not None:
            wanted.setdefault(kind, set()).add(row_id)
    if not wanted:
        return {}
    parts = [_select(kind, row_ids) for kind, row_ids in sorted(wanted.items())]
    union: Any = sa.union_all
    rows = db.session().execute(tenancy.named(union(*parts), "names its own tenant in each part"))
    return {(kind, row_id): Known(name, _href(kind, page_id, role)) for kind, row_id, name, page_id in rows}


def _select(kind: str, row_ids: set[UUID]) -> Any:
    found = _kinds[kind]
    page_id = found.model.id if found.page_of is None else found.page_of
    texts = (sa.cast(sa.literal(kind), sa.Text), sa.cast(found.name, sa.Text))
    columns = (texts[0].label("kind"), found.model.id, texts[1].label("name"), page_id.label("page_id"))
    return sa.select(*columns).where(found.model.tenant_id == tenancy.current(), found.model.id.in_(row_ids))


def _href(kind: str, page_id: UUID | None, role: Role) -> str | None:
    found = _kinds[kind]
    return found.page.format(page_id) if found.page and page_id is not None and role >= found.role else None
