"""What happens is said once, and heard in the same transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import pytest

from app.kernel import events
from app.kernel.ids import new_id


@pytest.fixture(autouse=True)
def _rewire():
    """Leave the registry and the wiring as they were."""
    registry = dict(events.REGISTRY)
    reactions, always = events._Wiring.reactions, events._Wiring.always
    yield
    events.REGISTRY.clear()
    events.REGISTRY.update(registry)
    events.wire(reactions, always=always)


def _boiled() -> type[events.Event]:
    @dataclass(frozen=True)
    class KettleBoiled(events.Event):
        name: ClassVar[str] = "kettle.boiled"
        resource: ClassVar[str] = "kettle"
        example: ClassVar[Mapping[str, Any]] = {}

        kettle_id: UUID
        boiled_at: datetime
        cups_left: int = 3

    return KettleBoiled


def test_those_who_hear_everything_hear_it_first_and_in_order():
    boiled = _boiled()
    heard: list[str] = []
    events.wire(
        {boiled: (lambda _event: heard.append("tea"), lambda _event: heard.append("coffee"))},
        always=(lambda _event: heard.append("log"),),
    )

    events.publish(boiled(new_id(), datetime.now(UTC)))

    assert heard == ["log", "tea", "coffee"]


def test_a_reaction_that_fails_stops_the_work_that_caused_it():
    boiled = _boiled()

    def fail(_event: events.Event) -> None:
        raise RuntimeError("no milk")

    events.wire({boiled: (fail,)})

    with pytest.raises(RuntimeError, match="no milk"):
        events.publish(boiled(new_id(), datetime.now(UTC)))


def test_receivers_read_camel_case_and_plain_values():
    kettle = new_id()
    event = _boiled()(kettle, datetime(2026, 11, 20, 13, 22, tzinfo=UTC))

    assert event.resource_id == kettle
    assert event.payload() == {"kettleId": str(kettle), "boiledAt": "2026-11-20T13:22:00+00:00", "cupsLeft": 3}


def test_two_events_cannot_bear_one_name():
    _boiled()

    with pytest.raises(RuntimeError, match=r"kettle\.boiled"):

        @dataclass(frozen=True)
        class Impostor(events.Event):
            name: ClassVar[str] = "kettle.boiled"
            resource: ClassVar[str] = "kettle"

            id: UUID
