"""Which records a parameter, field or value names."""

import re
from functools import lru_cache
from uuid import UUID

from app.isolation import said
from app.isolation.asking import Asker
from app.isolation.world import World, tables
from app.kernel import db, tenancy
from app.kernel.db import Base
from app.kernel.ids import new_id


def snake(name: str) -> str:
    """`customerId` and `customer-id` as `customer_id`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).replace("-", "_").lower()


def names_a_record(name: str) -> bool:
    """Whether something of that name is an id, or stands for one."""
    own = snake(name.rpartition(".")[2])
    if own in said.NO_IDS:
        return False
    return own in said.TABLES or own.endswith(("_id", "_ids"))


@lru_cache(maxsize=1000)
def table_of(name: str, module: str) -> str | None:
    """The table that `name` speaks of in a route of `module`."""
    own = snake(name.rpartition(".")[2]).removesuffix("s") if name.endswith("_ids") else snake(name.rpartition(".")[2])
    told = said.TABLES.get(f"{module}:{own}") or said.TABLES.get(own)
    if told is not None:
        return told
    noun = own.removesuffix("_id")
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}es" if noun.endswith("s") else f"{noun}s"
    fitting = [table for table in tables() if table == plural or table.endswith(f"_{plural}")]
    if plural in fitting:
        return plural
    of_room = [table for table in fitting if _room_of(table) == ".".join(module.split(".")[:3])]
    chosen = of_room or fitting
    return chosen[0] if len(chosen) == 1 else None


@lru_cache(maxsize=500)
def _room_of(table: str) -> str:
    for mapper in Base.registry.mappers:
        if mapper.local_table is not None and getattr(mapper.local_table, "name", "") == table:
            return ".".join(mapper.class_.__module__.split(".")[:3])
    return ""


def own_sections(who: Asker) -> list[str]:
    """Whose rows an asker may ask for."""
    if who.side == "customer":
        return [who.section, f"house:{who.house.name}"]
    accounts = [f"account:{name}" for name in list(who.house.accounts)[:1]]
    return [*accounts, f"house:{who.house.name}"]


def foreign_sections(who: Asker, section: str, *, is_bearer: bool = False) -> list[str]:
    """Where the counterparts of a row of `section` are that are no concern of the asker's.

    With `is_bearer` whoever holds it may use it in its own tenant.
    """
    is_account = section.startswith("account:")
    other = {"T1": ("account:X", "house:T2"), "T2": ("account:A", "house:T1"), "T0": ("account:A", "house:T1")}
    account, house = other[who.house.name]
    if who.side == "customer" and is_account and who.house.name == "T1" and not is_bearer:
        return ["account:B", account]
    return [account if is_account else house]


def spoken(world: World, name: str, table: str, row_id: str) -> str:
    """The record as the parameter `name` spells it."""
    spell = said.SPOKEN.get((snake(name.rpartition(".")[2]), table))
    if spell is None:
        return row_id
    key = (name, row_id)
    if key not in world.spelled:
        with tenancy.across_tenants("operator"), db.transaction(write=False):
            world.spelled[key] = spell(UUID(row_id))
    return world.spelled[key]


def missing_like(value: str) -> str:
    """A value of the same shape that names nothing."""
    if re.fullmatch(r"[0-9a-f]{8}-[0-9a-f-]{27}", value):
        return str(new_id())
    name, at, host = value.partition("@")
    turned = "".join(_turn(sign) for sign in name) + at + host
    return turned if turned != value else value + "x"


def _turn(sign: str) -> str:
    if sign.isdigit():
        return str((int(sign) + 3) % 10)
    if sign.isalpha():
        return chr(ord(sign) - 1) if sign not in "aA" else {"a": "q", "A": "Q"}[sign]
    return sign
