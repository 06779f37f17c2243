"""One cast for the whole house, made through the services when a test first names them.

Alice owns her account, Bob is a stranger in the same tenant, Charlie belongs
to another tenant, Sam is staff (ADMIN), Olive is the OWNER of the house.
"""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from app import reactions
from app.features.accounts import service as accounts
from app.features.accounts.models import User
from app.features.accounts.specimen import principal_of as principal_of
from app.features.catalogue import service as catalogue
from app.features.tenants import service as tenants
from app.features.tenants.models import Tenant
from app.kernel import db, tenancy
from app.kernel.access import Role
from app.kernel.db import PanelSession
from tests.support.clients import PanelClient, open_client

HOST = "127.0.0.1:2271"
OTHER_HOST = "portal.tern.example"


@pytest.fixture
def tenant(unit: PanelSession) -> Iterator[Tenant]:
    """The operator's tenant, set for the whole test."""
    with tenancy.across_tenants("operator"):
        found = tenants.create("Harbourline", slug="operator", is_operator=True)
        unit.flush()
    tenants.forget()
    with tenancy.as_tenant(found.id):
        yield found
    tenants.forget()


@pytest.fixture
def own_house(panel_app: Flask, fresh_engine: sa.Engine) -> Iterator[UUID]:
    """A tenant on a database of this test alone: for threads and real commits."""
    reactions.wire()
    tenants.forget()
    with tenancy.across_tenants("operator"), db.transaction():
        made = tenants.create("Harbourline", slug="harbourline")
    yield made.id
    tenants.forget()


@pytest.fixture
def other_tenant(unit: PanelSession, tenant: Tenant) -> Tenant:
    """Another tenant, on its own verified domain. Set it with `tenancy.as_tenant(other_tenant.id)`."""
    with tenancy.across_tenants("operator"):
        found = tenants.create("Tern", slug="tern", domain=OTHER_HOST)
        found.domain_verified_at = found.created_at
        unit.flush()
    tenants.forget()
    return found


@pytest.fixture
def plans(tenant: Tenant) -> None:
    """The four plans and WELCOME20, in the tenant."""
    catalogue.install_defaults()
    db.session().flush()


@pytest.fixture
def alice(tenant: Tenant) -> User:
    """OWNER of the customer account Acme."""
    return _customer_person("alice@acme.example", "Alice", "Marchetti")


@pytest.fixture
def bob(tenant: Tenant) -> User:
    """OWNER of another customer account in the same tenant."""
    return _customer_person("bob@builders.example", "Bob", "Calder")


@pytest.fixture
def charlie(other_tenant: Tenant) -> User:
    """OWNER of a customer account in the other tenant."""
    with tenancy.as_tenant(other_tenant.id):
        return _customer_person("charlie@cycles.example", "Charlie", "Macrae")


@pytest.fixture
def sam(tenant: Tenant) -> User:
    """Staff, ADMIN."""
    return make_staff("sam@harbourline.example", "Sam", Role.ADMIN)


@pytest.fixture
def olive(tenant: Tenant) -> User:
    """Staff, OWNER."""
    return make_staff("olive@harbourline.example", "Olive", Role.OWNER)


def _customer_person(email: str, first_name: str, last_name: str) -> User:
    _customer, user = accounts.register(email=email, first_name=first_name, last_name=last_name)
    db.session().flush()
    return user


def make_staff(email: str, first_name: str, role: Role) -> User:
    """Somebody who works in the tenant that is set."""
    user = accounts.create_staff(email=email, first_name=first_name, last_name="Okafor", role=role, password_hash=None)
    db.session().flush()
    return user


@pytest.fixture
def client(panel_app: Flask, tenant: Tenant) -> PanelClient:
    """A browser of somebody who is not signed in, on the tenant's host."""
    return open_client(panel_app, host=HOST, tenant_id=tenant.id)


SignIn = Callable[..., PanelClient]


@pytest.fixture
def sign_in(panel_app: Flask, tenant: Tenant) -> SignIn:
    """`sign_in(user)`: a browser with a login of `user`; `host=` for another tenant's."""

    def make(user: User, *, host: str = HOST) -> PanelClient:
        return open_client(panel_app, host=host, tenant_id=user.tenant_id).sign_in(user, tenant_id=user.tenant_id)

    return make


@pytest.fixture
def as_alice(sign_in: SignIn, alice: User) -> PanelClient:
    """Alice's browser."""
    return sign_in(alice)


@pytest.fixture
def as_bob(sign_in: SignIn, bob: User) -> PanelClient:
    """Bob's browser."""
    return sign_in(bob)


@pytest.fixture
def as_charlie(sign_in: SignIn, charlie: User) -> PanelClient:
    """Charlie's browser, on the other tenant's host."""
    return sign_in(charlie, host=OTHER_HOST)


@pytest.fixture
def as_sam(sign_in: SignIn, sam: User) -> PanelClient:
    """Sam's browser."""
    return sign_in(sam)


@pytest.fixture
def as_olive(sign_in: SignIn, olive: User) -> PanelClient:
    """Olive's browser."""
    return sign_in(olive)


def keyed(key: str, **more: Any) -> dict[str, Any]:
    """What a request by a program with `key` bears: `client.post(url, json=..., **keyed(key))`."""
    return {"headers": {"X-API-Key": key, **more}, "csrf": False}
