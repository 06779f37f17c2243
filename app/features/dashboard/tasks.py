"""The figures of the last minute are folded into their days."""

from app.features.dashboard import service
from app.kernel import schedule


@schedule.scheduled("dashboard.fold", "* * * * *", title="Figures of the day")
def fold() -> None:
    """Fold what is there. Pages add what is not folded yet, so nothing depends on when this runs."""
    service.fold()
