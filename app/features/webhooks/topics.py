"""What an endpoint may ask to be told: the public events, by group."""

import inspect
import json
from collections.abc import Collection
from dataclasses import fields

from app.features.audit.actions import PUBLIC
from app.kernel.errors import Invalid
from app.kernel.events import REGISTRY
from app.kernel.schemas import camel

FOR_STAFF = ("user.", "api_key.", "webhook.", "message.", "backup.", "tenant.")
"""What concerns staff and security: not for an endpoint that a key made without the scope `admin`."""


def offered(*, is_restricted: bool = False) -> list[str]:
    """The names of all events that can be asked for, in order."""
    return sorted(name for name in REGISTRY if is_told(name, is_restricted=is_restricted))


def is_public(name: str) -> bool:
    """Whether the event is for the outside at all; others are the house's own."""
    return name.upper().replace(".", "_") in PUBLIC


def is_told(name: str, *, is_restricted: bool) -> bool:
    """Whether endpoints of that kind may hear of the event."""
    return is_public(name) and not (is_restricted and name.startswith(FOR_STAFF))


def checked(events: Collection[str], *, is_restricted: bool) -> list[str]:
    """The events that somebody asks for; none, or `*` alone, is all of them.

    Raises:
        Invalid: one is not on offer; names the field.
    """
    if not events or set(events) == {"*"}:
        return []
    unknown = sorted(set(events) - set(offered(is_restricted=is_restricted)))
    if unknown:
        raise Invalid.field("events", f"There is no event {unknown[0][:60]!r} to subscribe to.", code="unknown_event")
    return sorted(set(events))


def explained(name: str) -> str:
    """What the event means, in a sentence or two; its fields as receivers know them."""
    event = REGISTRY[name]
    words = " ".join((inspect.getdoc(event) or "").split())
    for field in fields(event):
        words = words.replace(f"`{field.name}`", camel(field.name))
    return words.replace("`", "")


def example(name: str) -> str:
    """The body that a receiver gets, as the documentation shows it."""
    said = {"event": name, "timestamp": "2026-11-20T13:22:00+00:00", "data": dict(REGISTRY[name].example)}
    return json.dumps(said, indent=2, ensure_ascii=False)
