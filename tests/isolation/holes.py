"""How holes are dug: each changes the running code as a careless hand would leave it."""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, make_response, request

from app.doors import threshold
from app.features.accounts import members
from app.features.accounts.models import Customer, User
from app.features.api_keys import service as api_keys
from app.features.billing import own as own_invoices
from app.features.billing import service as billing
from app.features.catalogue import codes
from app.features.catalogue.models import PromoCode
from app.features.dashboard import search
from app.features.sessions import service as sessions
from app.features.sessions.models import UserSession
from app.features.subscriptions import service as subscriptions
from app.features.tenants.models import Tenant
from app.kernel import api, db, idempotency, offered, tenancy
from app.kernel.access import Access, Role
from app.kernel.errors import NotFound
from app.kernel.lists import Listing
from app.kernel.routemap import routes_of

Patch = pytest.MonkeyPatch


def _across(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same without a tenant."""

    @wraps(function)
    def hole(*arguments: Any, **options: Any) -> Any:
        with tenancy.across_tenants("operator"):
            return function(*arguments, **options)

    return hole


def _tenants() -> list[Any]:
    return list(db.session().scalars(sa.select(Tenant.id).order_by(Tenant.id)))


def without_tenant(owner: Any, *names: str) -> Callable[[Patch, Flask], None]:
    """Finders that forget the tenant."""

    def dig(patch: Patch, _app: Flask) -> None:
        for name in names:
            patch.setattr(owner, name, _across(getattr(owner, name)))

    return dig


def raw_detail(patch: Patch, _app: Flask) -> None:
    """A detail by a statement of its own, which says that it minds the tenant and does not."""

    def find(_who: Any, code_id: Any) -> Any:
        wanted = tenancy.named(sa.select(PromoCode).where(PromoCode.id == code_id), "by its id")
        with tenancy.across_tenants("operator"):
            found = db.session().scalar(wanted)
        if found is None:
            raise NotFound()
        return found

    patch.setattr(codes, "find", find)


def export_of_all(patch: Patch, _app: Flask) -> None:
    """An export that runs over every tenant."""
    export = Listing.export

    def hole(self: Any, asked: Any, *, tenant_id: Any, of: Any = None) -> Iterator[Any]:
        with db.transaction(write=False):
            everybody = _tenants()
        for one in everybody:
            yield from export(self, asked, tenant_id=one, of=of)

    patch.setattr(Listing, "export", hole)


def search_of_all(patch: Patch, _app: Flask) -> None:
    """A search that asks every tenant's index."""
    look = search.look

    def hole(given: str, role: Role) -> Any:
        found = look(given, role)
        for one in _tenants():
            with tenancy.as_tenant(one):
                found = found._replace(groups=[*found.groups, *look(given, role).groups])
        return found

    patch.setattr(search, "look", hole)


def endpoint_of(app: Flask, route: str) -> str:
    """What Flask calls it."""
    return next(one.endpoint for one in routes_of(app) if one.name == route)


def cached_by_path(route: str) -> Callable[[Patch, Flask], None]:
    """Answers kept by their path alone."""

    def dig(patch: Patch, app: Flask) -> None:
        kept: dict[str, str] = {}
        endpoint = endpoint_of(app, route)
        view = app.view_functions[endpoint]

        @wraps(view)
        def hole(**path: Any) -> Any:
            if request.path not in kept:
                kept[request.path] = make_response(view(**path)).get_data(as_text=True)
            return kept[request.path]

        patch.setitem(app.view_functions, endpoint, hole)

    return dig


def any_parent(patch: Patch, _app: Flask) -> None:
    """A person is found under whichever customer stands in the address."""

    def find(_who: Any, user_id: Any, **_whose: Any) -> Any:
        found = db.session().scalars(sa.select(User).where(User.id == user_id)).one_or_none()
        if found is None:
            raise NotFound()
        return found

    patch.setattr(members, "find", find)


def everybodys_invoices(patch: Patch, _app: Flask) -> None:
    """A customer's people see any invoice of the tenant."""
    patch.setattr(billing, "_may_see", lambda *_: True)


def everybodys_services(patch: Patch, _app: Flask) -> None:
    """The same for services, by a principal that passes for staff."""
    find = subscriptions.find

    def hole(principal: Any, subscription_id: Any) -> Any:
        staff = type(principal)(principal.tenant_id, user_id=principal.user_id, staff_role=Role.OWNER)
        return find(staff, subscription_id)

    patch.setattr(subscriptions, "find", hole)


def page_of_all(patch: Patch, _app: Flask) -> None:
    """A customer's list that forgets whose it is."""
    page = Listing.page

    def hole(self: Any, asked: Any, *, of: Any = None, limit: Any = None) -> Any:
        return page(self, asked, of=_any_other(of), limit=limit)

    patch.setattr(Listing, "page", hole)


def _any_other(of: Any) -> Any:
    """The newest customer's id, where the list is one customer's."""
    if of is None:
        return None
    return db.session().scalars(sa.select(Customer.id).order_by(Customer.id.desc()).limit(1)).one()


def any_session(patch: Patch, _app: Flask) -> None:
    """A login is ended by whoever knows its id."""

    def find(_principal: Any, session_id: Any) -> Any:
        found = db.session().scalars(sa.select(UserSession).where(UserSession.id == session_id)).one_or_none()
        if found is None:
            raise NotFound()
        return found

    patch.setattr(sessions, "find", find)


def login_on_any_host(patch: Patch, _app: Flask) -> None:
    """A cookie of one brand opens another's door."""
    resolve = sessions.resolve

    def hole(token: str, *, is_use: bool = True) -> Any:
        for one in _tenants():
            with tenancy.as_tenant(one), db.transaction(write=False):
                found = resolve(token, is_use=is_use)
            if found is not None:
                return found
        return None

    patch.setattr(sessions, "resolve", hole)


def key_on_any_host(patch: Patch, _app: Flask) -> None:
    """A key of one brand opens another's door."""
    patch.setattr(threshold, "_admit_key", api_keys.resolve)


def lower_mark(route: str, **sides: Role) -> Callable[[Patch, Flask], None]:
    """A route lets in people of a lower role."""

    def dig(patch: Patch, app: Flask) -> None:
        view: Any = app.view_functions[endpoint_of(app, route)]
        patch.setattr(view, "__access__", Access("role", **sides))

    return dig


def no_role(route: str) -> Callable[[Patch, Flask], None]:
    """A route asks for nobody."""

    def dig(patch: Patch, app: Flask) -> None:
        view: Any = app.view_functions[endpoint_of(app, route)]
        patch.setattr(view, "__access__", Access("public"))

    return dig


def shared_repetitions(patch: Patch, _app: Flask) -> None:
    """Answers are kept by their key alone."""
    kept: dict[str, Any] = {}

    def once(key: str, *, work: Callable[[], Any], **_more: Any) -> Any:
        if key in kept:
            reply = kept[key]
            return idempotency.Reply(reply.status, reply.content_type, reply.body, is_replayed=True)
        kept[key] = work()
        return kept[key]

    patch.setattr(api.idempotency, "once", once)


def choices_of_all(patch: Patch, _app: Flask) -> None:
    """What a filter offers is gathered over all tenants."""
    patch.setattr(offered, "_read", _across(offered._read))


def invoices_by_form(patch: Patch, _app: Flask) -> None:
    """What a form names is paid, whoever's it is."""

    def find_all(_customer_id: Any, invoice_ids: Any) -> Any:
        return [billing.locked(one) for one in invoice_ids]

    patch.setattr(own_invoices, "find_all", find_all)
