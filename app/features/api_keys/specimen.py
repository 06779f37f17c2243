"""One key, made through the service."""

from app.features.api_keys import service
from app.features.api_keys.models import SCOPES, ApiKey


def make() -> tuple[ApiKey, str]:
    """A key for the marketing site that lasts 90 days, and what it is made of."""
    return service.create("Marketing site", scopes=("marketing",), expires_in_days=90)


def make_each(tag: str) -> dict[str, str]:
    """One key of each scope, called after `tag`: the keys themselves, by scope."""
    return {scope: service.create(f"{tag} {scope}", scopes=(scope,), expires_in_days=90)[1] for scope in SCOPES}
