"""Keys for tests."""

from typing import Any

from app.features.api_keys import service
from app.features.api_keys.models import ApiKey
from app.kernel import db


def make_key(
    name: str = "Marketing site", *, scopes: tuple[str, ...] = ("marketing",), **more: Any
) -> tuple[ApiKey, str]:
    """A key of the tenant that is set, and what it is made of. `hourly_limit=` changes the row."""
    hourly_limit = more.pop("hourly_limit", None)
    key, secret = service.create(name, scopes=scopes, **more)
    if hourly_limit is not None:
        key.hourly_limit = hourly_limit
    db.session().flush()
    return key, secret
