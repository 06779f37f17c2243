"""Moments as people type them: by the clock of a time zone, on a day from the year 2000 on."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.kernel.errors import Invalid

TYPED = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
"""How browsers send them."""


def of_clock(field: str, local: datetime | None, zone: str) -> datetime | None:
    """The moment, in UTC, at which a clock of `zone` shows `local`.

    Raises:
        Invalid: a year that nobody means; names the field.
    """
    if local is None:
        return None
    if not 2000 <= local.year <= 2999:
        raise Invalid.field(field, "A day from the year 2000 on.")
    return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def on_clock(moment: datetime | None, zone: str) -> datetime | None:
    """What a clock of `zone` shows at `moment`."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if moment is not None else None
