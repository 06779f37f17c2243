"""What can happen, named once, and who hears of it.

A room declares its events in its `events.py`; `app/reactions.py` says who
listens. Reactions run in the transaction of what happened and only insert rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

REGISTRY: dict[str, type["Event"]] = {}
"""Every event by its public name, such as `customer.created`."""


@dataclass(frozen=True)
class Event:
    """Something that happened. Its fields are ids and what a receiver needs, never a secret.

    A subclass sets `name` (the public one), `resource` (the kind of record it
    is about) and `example` (a payload for the documentation). Its first field
    is that record's id. Fields named in `personal` are kept from the audit
    log's plain part. A class without `name` is what several events share.
    """

    name: ClassVar[str]
    resource: ClassVar[str]
    example: ClassVar[Mapping[str, Any]] = {}
    personal: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in vars(cls):
            return
        if cls.name in REGISTRY and REGISTRY[cls.name].__qualname__ != cls.__qualname__:
            raise RuntimeError(f"two events are named {cls.name}")
        REGISTRY[cls.name] = cls

    @property
    def resource_id(self) -> UUID:
        """The id of the record it is about."""
        found = getattr(self, fields(self)[0].name)
        assert isinstance(found, UUID)
        return found

    def payload(self) -> dict[str, Any]:
        """The `data` that receivers get: camelCase keys, JSON values."""
        return {_camel(field.name): _plain(getattr(self, field.name)) for field in fields(self)}


Reaction = Callable[[Any], None]
Reactions = Mapping[type[Event], Sequence[Reaction]]


class _Wiring:
    """What `wire` has set."""

    reactions: Reactions = {}
    always: Sequence[Reaction] = ()


def wire(reactions: Reactions, *, always: Sequence[Reaction] = ()) -> None:
    """Set who listens: `always` hear of every event, first."""
    _Wiring.reactions, _Wiring.always = reactions, always


def publish(event: Event) -> None:
    """Tell everybody who listens, now, inside the running transaction."""
    for reaction in (*_Wiring.always, *_Wiring.reactions.get(type(event), ())):
        reaction(event)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
