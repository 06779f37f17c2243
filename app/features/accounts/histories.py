"""What happened to records, in words and with who did it: the history at the end of a page."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.features.accounts.slots import names_of
from app.features.audit.said import said
from app.features.audit.slots import Happening, happened_to
from app.kernel import words


@dataclass(frozen=True)
class Entry:
    """One line of `ui.timeline_log`."""

    text: str
    when: str
    exact: str
    detail: str = ""


def history_of(records: Mapping[str, Collection[UUID]], *, zone: str, limit: int = 15) -> list[Entry]:
    """What the audit log holds about these records (ids by resource type), newest first. Two queries."""
    found = happened_to(records, limit=limit)
    return say(found, zone=zone, actors=actors_of(found))


def actors_of(found: Sequence[Happening]) -> dict[UUID, str]:
    """What those are called who did it. One query, none for nobody."""
    return names_of({one.actor_user_id for one in found if one.actor_user_id is not None})


def say(
    found: Sequence[Happening],
    *,
    zone: str,
    about: Mapping[UUID, str] | None = None,
    actors: Mapping[UUID, str] | None = None,
) -> list[Entry]:
    """The lines in words. `about` names records (an invoice's number, a person), `actors` who did it."""
    return [
        Entry(
            text=_text(one, about or {}),
            when=words.ago(one.at, zone),
            exact=words.exact(one.at, zone),
            detail=_by(one, actors) if actors is not None else "",
        )
        for one in found
    ]


def _text(one: Happening, about: Mapping[UUID, str]) -> str:
    name = about.get(one.resource_id, "") if one.resource_id else ""
    return f"{said(one.action)}: {name}" if name else said(one.action)


def _by(one: Happening, actors: Mapping[UUID, str]) -> str:
    if one.actor_key_id is not None:
        return "by an API key"
    if one.actor_user_id is None or one.actor_user_id == one.resource_id:
        return ""
    return f"by {actors.get(one.actor_user_id, 'somebody who has left')}"
