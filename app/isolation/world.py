"""The world of a check: the operator's house and two brands, each with people in every role and one of each thing.

Whose a row is follows from when it was made: what is made for B alike, in the same order, is what A has.
"""

import importlib
import pkgutil
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from types import ModuleType
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app import features
from app.features.accounts import specimen as accounts
from app.features.accounts.models import User
from app.features.accounts.specimen import Account
from app.features.api_keys import specimen as api_keys
from app.features.branding import service as branding
from app.features.sessions import service as sessions
from app.features.tenants import service as tenants
from app.features.tenants.models import Tenant
from app.isolation.ground import Ground
from app.kernel import clock, db, schedule, tenancy
from app.kernel.access import Role
from app.kernel.db import Base

STOREYS = (
    "audit", "tenants", "files", "branding", "accounts", "api_keys", "sessions", "catalogue", "billing", "payments",
    "subscriptions", "orders", "provisioning", "messages", "webhooks",
)  # fmt: skip
"""In this order the rooms make their specimens; rooms that are not named come last, by name."""
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"


@dataclass
class House:
    """A tenant with its people, its customers, and the keys of its programs."""

    name: str
    tenant: Tenant
    host: str
    tag: str
    staff: dict[Role, User] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)


@dataclass
class World:
    """Everything that was made, and whose it is.

    Sections: `house:T1` (what the tenant itself has), `account:A` and so on.
    """

    houses: dict[str, House]
    tags: dict[str, str]
    """The word planted in the texts of each section."""
    rows: dict[str, dict[str, list[str]]]
    """Ids by section and table, in the order in which they were made."""
    tenant_of: dict[str, str]
    """The house of each section."""
    spelled: dict[tuple[str, str], str] = field(default_factory=dict)
    """What a record is called where it is not by its id, by parameter and id."""
    tokens: dict[UUID, str] = field(default_factory=dict)
    """The browser's token of each person."""

    def ids(self, section: str, table: str) -> list[str]:
        """What the section has of a table."""
        return self.rows.get(section, {}).get(table, [])

    def every_id(self, section: str) -> set[str]:
        """All ids of the section."""
        return {one for ids in self.rows.get(section, {}).values() for one in ids}


def make(ground: Ground) -> World:
    """Make it, in the open transaction of `ground`."""
    world = World({}, {}, {}, {})
    operator = _house(ground, world, "T0", is_operator=True)
    _staff(ground, world, operator, (Role.ADMIN, Role.OWNER))
    for name, customers in (("T1", ("A", "B")), ("T2", ("X",))):
        house = _house(ground, world, name, is_operator=False)
        _staff(ground, world, house, tuple(Role))
        for customer in customers:
            add_account(ground, world, name, customer)
    for name in ("T1", "T2"):
        fill_house(ground, world, name, world.tags[f"house:{name}"], hook="at_last")
        ask_files(ground, world, world.houses[name])
    fill_house(ground, world, "T0", operator.tag, hook="of_operator")
    schedule.install()
    for house in world.houses.values():
        people = [*house.staff.values(), *(one for made in house.accounts.values() for one in made.people.values())]
        with noted(ground, world, f"house:{house.name}"), inside(house):
            for user in people:
                world.tokens[user.id] = sessions.start(user, ip="127.0.0.1", user_agent=BROWSER)[1]
    return world


def add_account(ground: Ground, world: World, house_name: str, customer: str) -> None:
    """A customer with people and one of each thing that a customer has."""
    house, section = world.houses[house_name], f"account:{customer}"
    tag = world.tags.setdefault(section, _tag())
    world.tenant_of[section] = house_name
    with noted(ground, world, section), inside(house):
        account = accounts.make_account(tag)
        house.accounts[customer] = account
    fill_account(ground, world, house_name, customer)


def fill_account(ground: Ground, world: World, house_name: str, customer: str) -> None:
    """One more of each thing that a customer has, for one who is there."""
    house, section = world.houses[house_name], f"account:{customer}"
    account = house.accounts[customer]
    with noted(ground, world, section):
        for room in _rooms("of_account"):
            with inside(house):
                db.session().add_all([account.customer, *account.people.values()])
                room.of_account(account, world.tags[section])


def fill_house(ground: Ground, world: World, house_name: str, tag: str, *, hook: str = "in_house") -> None:
    """One of each thing that a tenant has, called after `tag`."""
    house = world.houses[house_name]
    with noted(ground, world, f"house:{house_name}"):
        for room in _rooms(hook):
            with inside(house):
                getattr(room, hook)(tag)


def ask_files(ground: Ground, world: World, house: House) -> None:
    """What one member of staff asks for and nobody else may have."""
    with noted(ground, world, f"house:{house.name}"):
        for room in _rooms("of_staff"):
            with inside(house):
                room.of_staff(accounts.principal_of(house.staff[Role.OWNER]))


def _house(ground: Ground, world: World, name: str, *, is_operator: bool) -> House:
    section, tag = f"house:{name}", _tag()
    world.tags[section], world.tenant_of[section] = tag, name
    with noted(ground, world, section):
        with tenancy.across_tenants("operator"), db.transaction() as session:
            host = "127.0.0.1" if is_operator else f"{tag}.example"
            tenant = tenants.create(
                f"{tag.title()} Hosting", slug=tag, domain=None if is_operator else host, is_operator=is_operator,
                number_prefix=tag[:8].upper(), legal_name=f"{tag.title()} Ltd", sandbox_enabled=True,
            )  # fmt: skip
            tenant.domain_verified_at = clock.now()
            session.flush()
        house = world.houses[name] = House(name, tenant, host, tag)
        with inside(house):
            branding.install_defaults(db.session().get_one(Tenant, tenant.id))
            tenants.callback_secret()
            house.keys = {} if is_operator else api_keys.make_each(tag)
    if not is_operator:
        fill_house(ground, world, name, tag)
    return house


def _staff(ground: Ground, world: World, house: House, roles: tuple[Role, ...]) -> None:
    with noted(ground, world, f"house:{house.name}"), inside(house):
        for role in roles:
            house.staff[role] = accounts.make_staff(role, house.tag)


def _tag() -> str:
    """A word that nobody would write by chance; small letters and digits, a letter first."""
    return f"zq{secrets.token_hex(5)}"


@contextmanager
def inside(house: House) -> Iterator[None]:
    """A writing unit of work of the house."""
    with tenancy.as_tenant(house.tenant.id), db.transaction():
        yield


@contextmanager
def noted(ground: Ground, world: World, section: str) -> Iterator[None]:
    """What is made inside is the section's."""
    before = stock(ground)
    yield
    mine = world.rows.setdefault(section, {})
    for table, ids in stock(ground).items():
        known = before[table]
        mine[table] = [*mine.get(table, []), *sorted(one for one in ids if one not in known)]


def stock(ground: Ground) -> dict[str, set[str]]:
    """The ids of every row of every table that a tenant's rows are in, tenants among them."""
    found = {}
    for table in tables().values():
        rows = ground.read(f"SELECT id FROM {table.name}")
        found[table.name] = {spelled(row[0]) for row in rows}
    return found


def shown() -> Mapping[str, str]:
    """The tables of which anybody at the door of a house may see rows: which, in SQL that both stores read."""
    return {table: which for room in _rooms("SHOWN") for table, which in room.SHOWN.items()}


def tables() -> Mapping[str, sa.Table]:
    """The tables whose rows have an owner."""
    return {
        name: table
        for name, table in Base.metadata.tables.items()
        if "id" in table.c and ("tenant_id" in table.c or name == "tenants")
    }


def spelled(value: Any) -> str:
    """An id as it stands in an address, from what the driver gave."""
    return str(UUID(bytes=value) if isinstance(value, bytes) else value)


def _rooms(hook: str) -> list[ModuleType]:
    """The specimens that have the name, lower storeys first."""
    names = [room.name for room in pkgutil.iter_modules(features.__path__) if room.ispkg]
    names.sort(key=lambda name: (STOREYS.index(name) if name in STOREYS else len(STOREYS), name))
    found = [
        importlib.import_module(f"app.features.{name}.specimen")
        for name in names
        if find_spec(f"app.features.{name}.specimen") is not None
    ]
    return [module for module in found if hasattr(module, hook)]
