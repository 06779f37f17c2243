"""`/api/...`: programs, by key, or by the browser's own login with its CSRF token."""

from flask import Flask

from app.features.accounts import api as accounts
from app.features.api_keys import api as api_keys
from app.features.audit import api as audit
from app.features.blog import api as blog
from app.features.catalogue import api as catalogue
from app.features.dashboard import api as dashboard
from app.features.files import api as files
from app.features.kb import api as kb
from app.features.kb import api_admin as kb_admin
from app.features.marketing import api as marketing
from app.features.marketing import api_services as marketing_services
from app.features.merging import api as merging
from app.features.ops import api as ops
from app.features.payments import api as payments
from app.features.people import api as people
from app.features.people import api_staff as staff
from app.features.privacy import api as privacy
from app.features.sessions import api as sessions
from app.features.testimonials import api as testimonials
from app.features.webhooks import api as webhooks
from app.kernel import openapi

ROOMS = (
    marketing.routes,
    marketing.public_routes,
    dashboard.routes,
    catalogue.routes,
    catalogue.keyed_routes,
    api_keys.routes,
    audit.routes,
    sessions.routes,
    people.routes,
    staff.routes,
    privacy.routes,
    ops.routes,
    payments.routes,
    accounts.routes,
    accounts.own_routes,
    kb.routes,
    kb_admin.routes,
    merging.routes,
    openapi.routes,
    webhooks.routes,
    files.routes,
    marketing_services.routes,
    blog.routes,
    blog.public_routes,
    testimonials.routes,
    testimonials.public_routes,
)


def open_on(app: Flask) -> None:
    """Mount this door's rooms."""
    for routes in ROOMS:
        app.register_blueprint(routes)
