"""The whole check on both stores, and every hole that somebody could leave."""

import json
import time

import pytest

from tests.isolation.plants import PLANTS
from tests.isolation.test_check import check
from tests.isolation.test_plants import planted
from tests.support.postgres import ROLE
from tests.support.stores import Stores

MOST_SECONDS = 300


def server(stores: Stores) -> str:
    """A PostgreSQL database beside which others may be made."""
    url = stores.empty("postgresql")
    with stores.postgres.admin() as connection:
        connection.execute(f"ALTER ROLE {ROLE} CREATEDB")
    return url


def test_every_hole_is_found_on_sqlite():
    found = planted()

    assert len(PLANTS) >= 20
    assert {plant.name for plant in PLANTS if not _is_named(plant, found)} == set()


def _is_named(plant, found) -> bool:
    return (plant.route, plant.file) in {(one["route"], one["where"].partition(":")[0]) for one in found[plant.name]}


def test_holes_between_customers_are_found_on_postgresql_too(stores: Stores):
    """Row-level security shuts what forgets the tenant; what forgets the customer is the check's to find."""
    of_owners = [plant for plant in PLANTS if not plant.is_of_tenants]

    found = planted(server(stores), *(plant.name for plant in of_owners))

    assert {plant.name for plant in of_owners if not _is_named(plant, found)} == set()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_clean_tree_leaks_nothing_on_either_store(stores: Stores, tmp_path, kind: str):
    began = time.monotonic()
    where = () if kind == "sqlite" else ("--store", "postgresql", "--database-url", server(stores))

    done = check(tmp_path, "--json", str(tmp_path / "found.json"), *where)

    assert json.loads((tmp_path / "found.json").read_text())["findings"] == [], done.stdout
    assert time.monotonic() - began < MOST_SECONDS
