"""Holes that somebody could leave, and where the check must find each: `holes.py` says how they are dug."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from flask import Flask

from app.features.accounts import service as accounts
from app.features.api_keys import service as api_keys
from app.features.catalogue import products
from app.features.messages import service as messages
from app.features.people import service as people
from app.features.provisioning import service as provisioning
from app.features.sessions import figures as session_figures
from app.features.webhooks import deliveries
from app.features.webhooks import service as webhooks
from app.kernel.access import Role
from tests.isolation.holes import (
    any_parent,
    any_session,
    cached_by_path,
    choices_of_all,
    everybodys_invoices,
    everybodys_services,
    export_of_all,
    invoices_by_form,
    key_on_any_host,
    login_on_any_host,
    lower_mark,
    no_role,
    page_of_all,
    raw_detail,
    search_of_all,
    shared_repetitions,
    without_tenant,
)


@dataclass(frozen=True)
class Plant:
    """One hole: where it shows, in whose file, and how it is dug."""

    name: str
    route: str
    file: str
    dig: Callable[[pytest.MonkeyPatch, Flask], None]
    is_of_tenants: bool = True
    """Whether row-level security of PostgreSQL shuts it by itself."""


@contextmanager
def dug(plant: Plant, app: Flask) -> Iterator[None]:
    """The hole is there inside."""
    with pytest.MonkeyPatch.context() as patch:
        plant.dig(patch, app)
        yield


ROOMS = "app/features"
PLANTS = (
    Plant("list", "GET /admin/api-keys", f"{ROOMS}/api_keys/admin.py", without_tenant(api_keys, "list_keys")),
    Plant("detail", "GET /admin/promo-codes/<uuid:code_id>", f"{ROOMS}/catalogue/admin_promos.py", raw_detail),
    Plant("export", "POST /admin/orders/export", f"{ROOMS}/orders/admin.py", export_of_all),
    Plant("count", "GET /api/sessions/admin/stats", f"{ROOMS}/sessions/api.py", without_tenant(session_figures, "stats")),
    Plant("cached answer", "GET /admin/settings", f"{ROOMS}/tenants/admin.py", cached_by_path("GET /admin/settings")),
    Plant("nested id", "GET /admin/customers/<uuid:customer_id>/people/<uuid:user_id>",
          f"{ROOMS}/people/admin_customers.py", any_parent, is_of_tenants=False),
    Plant("another customer's invoice", "GET /client/billing/<uuid:invoice_id>", f"{ROOMS}/billing/client.py",
          everybodys_invoices, is_of_tenants=False),
    Plant("lowered role", "GET /admin/billing", f"{ROOMS}/billing/admin.py",
          lower_mark("GET /admin/billing", staff=Role.VIEWER), is_of_tenants=False),
    Plant("search", "GET /admin/search", f"{ROOMS}/dashboard/admin.py", search_of_all),
    Plant("webhook replay", "POST /admin/integrations/webhooks/deliveries/<uuid:delivery_id>/replay",
          f"{ROOMS}/webhooks/admin_deliveries.py", without_tenant(deliveries, "find")),
    Plant("customer named in a body", "POST /api/marketing-api/services/provision",
          f"{ROOMS}/marketing/api_services.py", without_tenant(accounts, "find_customer")),
    Plant("several invoices in a form", "POST /client/payments", f"{ROOMS}/payments/client.py", invoices_by_form,
          is_of_tenants=False),
    Plant("repeated requests", "POST /api/marketing-api/accounts/create", f"{ROOMS}/marketing/api.py",
          shared_repetitions, is_of_tenants=False),
    Plant("another customer's service", "GET /client/services/<uuid:subscription_id>",
          f"{ROOMS}/provisioning/client.py", everybodys_services, is_of_tenants=False),
    Plant("another customer's access", "POST /client/services/<uuid:subscription_id>/disclosure",
          f"{ROOMS}/provisioning/client.py", everybodys_services, is_of_tenants=False),
    Plant("another customer's list", "GET /client/billing", f"{ROOMS}/billing/client.py", page_of_all,
          is_of_tenants=False),
    Plant("another person's login", "DELETE /api/sessions/<uuid:session_id>", f"{ROOMS}/sessions/api.py", any_session,
          is_of_tenants=False),
    Plant("login on another host", "GET /admin/customers", f"{ROOMS}/accounts/admin.py", login_on_any_host,
          is_of_tenants=False),
    Plant("key on another host", "GET /api/marketing-api/products/catalog", f"{ROOMS}/marketing/api.py",
          key_on_any_host, is_of_tenants=False),
    Plant("no role", "GET /admin/customers/<uuid:customer_id>", f"{ROOMS}/dashboard/admin.py",
          no_role("GET /admin/customers/<uuid:customer_id>"), is_of_tenants=False),
    Plant("mailed link", "GET /set-password", f"{ROOMS}/sessions/public.py",
          without_tenant(accounts, "find_password_link", "find_user")),
    Plant("invitation", "GET /invitation", f"{ROOMS}/people/public.py", without_tenant(people, "open_by")),
    Plant("choices of a filter", "GET /admin/customers", f"{ROOMS}/accounts/admin.py", choices_of_all),
    Plant("job", "GET /admin/provisioning/<uuid:job_id>", f"{ROOMS}/provisioning/admin.py",
          without_tenant(provisioning, "find")),
    Plant("mail", "GET /admin/messages/<uuid:message_id>", f"{ROOMS}/messages/admin.py",
          without_tenant(messages, "find")),
    Plant("product", "PATCH /api/v1/billing/products/<uuid:product_id>", f"{ROOMS}/catalogue/api.py",
          without_tenant(products, "find")),
    Plant("endpoint", "DELETE /api/marketing-api/webhooks/<uuid:webhook_id>", f"{ROOMS}/webhooks/api.py",
          without_tenant(webhooks, "find")),
)  # fmt: skip
"""The first eight are tried in every run of the tests, all of them under tests/soak."""
EIGHT = PLANTS[:8]
