"""Opening a house: a brand with its look, its plans and its first owner. And looking over all of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts import links, owners
from app.features.accounts import service as accounts
from app.features.accounts.models import Customer, User
from app.features.branding import service as branding
from app.features.catalogue import service as catalogue
from app.features.subscriptions.models import Subscription
from app.features.tenants import service as tenants
from app.features.tenants.models import Tenant
from app.features.tenants.rules import Setting
from app.kernel import clock, db, paging, tenancy
from app.kernel.access import Role
from app.kernel.asked import Counted
from app.kernel.paging import Page

STATES = ("open", "suspended", "closed")
COUNTED = 10_000
"""Counts of one brand are exact up to here."""


@dataclass(frozen=True)
class Founder:
    """The first owner of a house."""

    email: str
    first_name: str = ""
    last_name: str = ""
    password_hash: str | None = None


@dataclass(frozen=True)
class Contents:
    """How much there is in one house."""

    customers: Counted
    services: Counted
    owners: list[User]


def open_house(
    name: str,
    *,
    slug: str,
    owner: Founder,
    domain: str | None = None,
    is_operator: bool = False,
    has_plans: bool = True,
    brand: Mapping[str, str] | None = None,
    **settings: Setting,
) -> tuple[Tenant, User]:
    """Make a brand, its look, the four plans if wanted, and its OWNER. `domain` serves it at once.

    Who operates the installation knows where DNS leads; a reseller's own
    wish would have to be verified first.

    Raises:
        Invalid: a value that cannot be; names the field.
        Conflict: slug or domain are taken, or there is an operator already.
    """
    tenant = tenants.create(name, slug=slug, domain=domain, is_operator=is_operator, **settings)
    tenant.domain_verified_at = clock.now() if tenant.domain else None
    db.session().flush()
    with tenancy.as_tenant(tenant.id):
        branding.install_defaults(tenant, **(brand or {}))
        if has_plans:
            catalogue.install_defaults()
        user = accounts.create_staff(
            email=owner.email,
            first_name=owner.first_name,
            last_name=owner.last_name,
            role=Role.OWNER,
            password_hash=owner.password_hash,
        )
        db.session().flush()
    return tenant, user


def owners_link(tenant: Tenant, owner_id: UUID) -> tuple[User, str]:
    """A fresh link (72 hours) by which an owner of `tenant` sets a password. Whoever has it can get in.

    Raises:
        NotFound: nobody with that id is an owner there.
    """
    with tenancy.as_tenant(tenant.id):
        user = owners.find(owner_id)
        link = links.start_password_link(user, "first")
        db.session().flush()
        return user, links.set_password_url(link)


def listed(*, text: str, state: str, cursor: str | None) -> Page[Tenant]:
    """One page of all brands, the newest first.

    Raises:
        BadCursor: the cursor is not one of this list.
    """
    return paging.page(_wanted(text, state), Tenant, cursor=cursor)


def count(*, text: str, state: str) -> int:
    """How many brands there are of these."""
    wanted = _wanted(text, state).with_only_columns(sa.func.count(Tenant.id))
    return db.session().execute(wanted).scalar_one()


def _wanted(text: str, state: str) -> sa.Select[Tenant]:
    wanted = sa.select(Tenant)
    if text:
        known = (Tenant.name, Tenant.slug, Tenant.domain)
        wanted = wanted.where(sa.or_(*(column.icontains(text, autoescape=True) for column in known)))
    if state == "closed":
        return wanted.where(Tenant.closed_at.is_not(None))
    if state == "suspended":
        return wanted.where(Tenant.closed_at.is_(None), Tenant.suspended_at.is_not(None))
    return wanted.where(Tenant.closed_at.is_(None), Tenant.suspended_at.is_(None)) if state == "open" else wanted


def contents(tenant: Tenant) -> Contents:
    """What is in the house of `tenant`: three queries, whatever its size."""
    with tenancy.as_tenant(tenant.id):
        return Contents(
            customers=_counted(sa.select(Customer.id).where(Customer.merged_at.is_(None))),
            services=_counted(sa.select(Subscription.id).where(Subscription.status == "active")),
            owners=owners.listed(),
        )


def _counted(wanted: sa.Select[UUID]) -> Counted:
    some = wanted.limit(COUNTED + 1).subquery()
    found = db.session().execute(sa.select(sa.func.count(some.c.id))).scalar_one()
    return Counted(min(found, COUNTED), found > COUNTED)
