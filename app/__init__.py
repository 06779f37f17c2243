"""mPanel: the whole house in one function."""

import gc
from pathlib import Path
from typing import TYPE_CHECKING

from app.config import Settings

if TYPE_CHECKING:
    from flask import Flask

ROOT = Path(__file__).parent.parent
MAX_BODY = 1024 * 1024


def create_app(settings: Settings) -> "Flask":
    """Build the panel's WSGI application for `settings`.

    The house is loaded here and not above: the supervisor and the smaller commands load this package too, and
    need none of it. Collecting while modules load finds nothing and costs a quarter of the start; what is loaded
    stays, so no later collection walks it again.
    """
    gc.disable()
    try:
        return _build(settings)
    finally:
        gc.freeze()
        gc.enable()


def _build(settings: Settings) -> "Flask":
    from app import config, reactions
    from app.doors import addressing, admin, api, client, dressing, public, refusals, threshold
    from app.doors.house import House
    from app.kernel import assets, buffer, crypto, db, jobs, limits, outbound, storage

    config.use(settings)
    db.configure(settings.database_url)
    crypto.configure(settings.secret_key)
    limits.configure(settings.data, settings.redis_url)
    jobs.configure(settings.data, settings.redis_url)
    storage.configure(settings.data / "files")
    outbound.configure(timeout=settings.webhook_timeout, networks=settings.webhook_networks)
    reactions.wire()

    app = House("mpanel", root_path=str(ROOT), template_folder=str(ROOT / "templates"), static_folder=None)
    app.url_rule_class = addressing.Address
    app.url_map.converters["default"] = addressing.Text
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-mpanel-note" if settings.is_https else "mpanel-note",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        MAX_FORM_PARTS=1000,
        WTF_CSRF_ENABLED=True,
    )
    prepared = assets.prepare(ROOT / "static", settings.data / "assets")
    dressing.install(app, prepared, compiled=settings.data / "templates")
    threshold.install(app, settings)
    refusals.install(app)
    for door in (public, client, admin, api):
        door.open_on(app)
    threshold.check_marks(app)
    app.wsgi_app = prepared.serve(app.wsgi_app)  # type: ignore[method-assign]
    buffer.start()
    return app
