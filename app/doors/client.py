"""`/client/...`: a customer's people."""

from flask import Flask


from app.doors.present import rooms
ROOMS = rooms('dashboard.client', 'subscriptions.client', 'billing.client', 'sessions.client')


def open_on(app: Flask) -> None:
    """Mount this door's rooms."""
    for routes in ROOMS:
        app.register_blueprint(routes)
