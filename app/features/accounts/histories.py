"""What happened to records, in words and with who did it: the history at the end of a staff page."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from app.features.accounts.slots import names_of
from app.features.audit.slots import Happening, happened_to
from app.kernel import words


@dataclass(frozen=True)
class Entry:
    """One line of `ui.timeline_log`."""

    text: str
    when: str
    exact: str
    detail: str


def history_of(records: Mapping[str, Collection[UUID]], *, zone: str, limit: int = 15) -> list[Entry]:
    """What the audit log holds about these records (ids by resource type), newest first. Two queries."""
    found = happened_to(records, limit=limit)
    actors = names_of({one.actor_user_id for one in found if one.actor_user_id is not None})
    return [
        Entry(
            one.action.replace("SETUP", "SET-UP").replace("_", " ").capitalize(),
            words.ago(one.at, zone),
            words.exact(one.at, zone),
            _by(one, actors),
        )
        for one in found
    ]


def _by(one: Happening, actors: Mapping[UUID, str]) -> str:
    if one.actor_key_id is not None:
        return "by an API key"
    if one.actor_user_id is None:
        return ""
    return f"by {actors.get(one.actor_user_id, 'somebody who has left')}"
