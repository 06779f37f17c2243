"""`/admin/...`: staff."""

from flask import Flask

from app.features.accounts import admin as accounts
from app.features.api_keys import admin as api_keys
from app.features.dashboard import admin as dashboard
from app.features.messages import admin as messages
from app.features.ops import admin as ops
from app.features.orders import admin as orders
from app.features.sessions import admin as sessions
from app.features.subscriptions import admin as subscriptions
from app.features.tenants import admin as tenants

ROOMS = (
    dashboard.routes,
    accounts.routes,
    messages.routes,
    api_keys.routes,
    ops.routes,
    sessions.routes,
    tenants.routes,
    orders.routes,
    subscriptions.routes,
)


def open_on(app: Flask) -> None:
    """Mount this door's rooms."""
    for routes in ROOMS:
        app.register_blueprint(routes)
