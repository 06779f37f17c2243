"""The log of API requests is kept for some time only."""

from app.features.api_keys import activity
from app.kernel import schedule


@schedule.scheduled("api-log.remove-old", "41 2 * * *", title="Old API requests")
def remove_old() -> None:
    """Remove what is older than each tenant keeps it."""
    activity.remove_old()
