"""Holes planted in the running code are found, and named by file and route."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.isolation.plants import EIGHT, Plant
from tests.support.stores import ROOT

pytestmark = pytest.mark.slow


def planted(*arguments: str) -> dict[str, list[dict[str, Any]]]:
    """What the check found of each hole that was planted."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.isolation.planted", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {one["name"]: one["findings"] for one in told}


@pytest.fixture(scope="module")
def found() -> dict[str, list[dict[str, Any]]]:
    return planted(*(plant.name for plant in EIGHT))


@pytest.mark.parametrize("plant", EIGHT, ids=lambda plant: plant.name)
def test_a_hole_is_found_and_named(found: dict[str, list[dict[str, Any]]], plant: Plant):
    named = {(one["route"], one["where"].partition(":")[0]) for one in found[plant.name]}

    assert named == {(plant.route, plant.file)}
