"""What every template may use: brand, principal, navigation, macros, and words for money and time."""

from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from flask import Flask, g, get_flashed_messages, request
from jinja2 import FileSystemBytecodeCache

from app.doors.drawing import COMPILED, Drawing
from app.doors.navigation import navigation
from app.features.branding import service as branding
from app.kernel import known, words
from app.kernel.access import Principal, Role
from app.kernel.assets import Assets
from app.kernel.pages import csrf_token, maybe_principal

MOST_KEPT = 500
"""Answers of each of `KEPT` that are kept as text."""
KEPT = ("icon", "ways_side", "ways_bar", "ways_tabs")
"""Macros that say the same whoever asks: drawings of the sprite, and the ways through the house from one place."""


def install(app: Flask, assets: Assets, *, compiled: Path) -> None:
    """Set up Jinja for `app`; the folder `compiled` keeps templates compiled from one start to the next."""
    compiled.mkdir(mode=0o700, exist_ok=True)
    app.extensions["assets"] = assets
    app.jinja_environment = Drawing
    jinja = app.jinja_env
    jinja.bytecode_cache = FileSystemBytecodeCache(str(compiled), COMPILED)
    jinja.trim_blocks = jinja.lstrip_blocks = True
    jinja.globals.update(asset=assets.address, csrf_token=csrf_token)
    jinja.filters.update(ago=words.ago, day=words.day, exact=words.exact)
    ui: Any = jinja.get_template("parts/ui.html").module
    for name in KEPT:
        setattr(ui, name, lru_cache(maxsize=MOST_KEPT)(partial(getattr(ui, name))))
    jinja.globals["ui"] = ui
    app.context_processor(_page)
    app.extensions["dress_fragment"] = _fragment


def _fragment() -> dict[str, Any]:
    """For a block alone: no frame is drawn, and toasts wait for the next whole page."""
    return {"brand": branding.brand(), "principal": maybe_principal(), "request_id": g.request_id}


def _page() -> dict[str, Any]:
    who = maybe_principal()
    return {
        "brand": branding.brand() if "tenant" in g else None,
        "principal": who,
        "navigation": navigation(who, request.path, is_operator=g.tenant.is_operator) if who is not None else (),
        "crumbs": [],
        "log_href": _log_of(who),
        "theme": _theme(),
        "toasts": get_flashed_messages(with_categories=True),
        "request_id": g.request_id,
    }


def _log_of(who: Principal | None) -> str:
    """Where the log of the record stands whose page this is, for those who may read the log."""
    if who is None or (who.staff_role or 0) < Role.ADMIN:
        return ""
    found = known.at(request.path)
    return f"/admin/audit?type={found[0]}&id={found[1]}" if found is not None else ""


def _theme() -> str:
    chosen = request.cookies.get("theme", "")
    return chosen if chosen in {"light", "dark"} else ""
