"""`/admin/...`: staff."""

from flask import Flask


from app.doors.present import rooms
ROOMS = rooms('dashboard.admin', 'accounts.admin', 'messages.admin', 'api_keys.admin', 'ops.admin', 'sessions.admin')


def open_on(app: Flask) -> None:
    """Mount this door's rooms."""
    for routes in ROOMS:
        app.register_blueprint(routes)
