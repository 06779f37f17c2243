"""`/client/...`: a customer's people."""

from flask import Flask

from app.features.accounts import client as accounts
from app.features.accounts import client_email as email
from app.features.accounts import client_terms as terms
from app.features.billing import client as billing
from app.features.dashboard import client as dashboard
from app.features.dashboard import client_closing as closing
from app.features.payments import client as payments
from app.features.people import client as people
from app.features.privacy import client as privacy
from app.features.provisioning import client as provisioning
from app.features.sessions import client as sessions
from app.features.sessions import client_impersonation as impersonation
from app.features.subscriptions import client as subscriptions

ROOMS = (
    dashboard.routes,
    closing.routes,
    subscriptions.routes,
    billing.routes,
    payments.routes,
    sessions.routes,
    impersonation.routes,
    provisioning.routes,
    accounts.routes,
    people.routes,
    privacy.routes,
    terms.routes,
    email.routes,
)


def open_on(app: Flask) -> None:
    """Mount this door's rooms."""
    for routes in ROOMS:
        app.register_blueprint(routes)
