"""One key, made through the service."""

from app.features.api_keys import service
from app.features.api_keys.models import ApiKey


def make() -> tuple[ApiKey, str]:
    """A key for the marketing site that lasts 90 days, and what it is made of."""
    return service.create("Marketing site", scopes=("marketing",), expires_in_days=90)
