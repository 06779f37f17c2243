"""`/api/...`: programs, by key, or by the browser's own login with its CSRF token."""

from flask import Flask

from app.kernel import openapi

from app.doors.present import rooms
ROOMS = rooms('marketing.api', 'marketing.api.public_routes', 'api_keys.api', 'sessions.api', 'ops.api') + (openapi.routes,)


def open_on(app: Flask) -> None:
    """Mount this door's rooms."""
    for routes in ROOMS:
        app.register_blueprint(routes)
