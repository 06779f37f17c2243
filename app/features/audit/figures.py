"""How much happened when, what it was and who did it: for whatever the log is narrowed to.

Counted over the newest `MOST_COUNTED` rows that an index or the walk hands over, so that the page costs the same in
every log. Where there are more, it says from which moment on it counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.features.audit import reading
from app.features.audit.listing import T
from app.features.audit.telling import ERASED, SEVERITIES, told_apart
from app.kernel import clock, db, known, words
from app.kernel.access import Role
from app.kernel.asked import Asked

MOST_COUNTED = 20_000
USUAL_DAYS = 30
MOST_DAYS = 366
SHOWN = 10
"""So many actions and people have a line of their own."""
GRAVE = frozenset({"warning", "error", "critical"})


@dataclass(frozen=True)
class Share:
    """One line of a list of shares."""

    label: str
    count: int
    share: float
    """Of the whole, in hundredths."""
    href: str | None


@dataclass(frozen=True)
class Figures:
    """What the page shows."""

    total: int
    since: str
    """From when on it was counted, if not all of it was."""
    chart: Mapping[str, Any]
    """What `ui.chart` takes."""
    severities: Sequence[Share]
    actions: Sequence[Share]
    people: Sequence[Share]


def with_range(given: Mapping[str, str], zone: str) -> dict[str, str]:
    """What was asked, with the last `USUAL_DAYS` days where no first day is named, and `MOST_DAYS` at most."""
    plain = {name: ",".join(given.getlist(name)) if hasattr(given, "getlist") else given[name] for name in given}
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    last = min(_day(plain.get("to", "")) or today, today)
    first = _day(plain.get("from", "")) or last - timedelta(days=USUAL_DAYS - 1)
    first = max(min(first, last), last - timedelta(days=MOST_DAYS - 1))
    return {**plain, "from": first.isoformat(), "to": last.isoformat(), "cursor": ""}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def of(asked: Asked, *, zone: str, role: Role) -> Figures:
    """The figures of what `asked` narrows the log to. A handful of queries, each of `MOST_COUNTED` rows at most."""
    columns = (_hour(), T.c.action, T.c.actor_user_id, T.c.actor_key_id)
    (hours, actions, people, programs), since = reading.groups(asked, columns, most=MOST_COUNTED)
    total = sum(count for _hour_, count in hours)
    texts = told_apart(what for what, _count in actions)
    severities: Counter[str] = Counter()
    for what, count in hours:
        severities[what[14:]] += count
    return Figures(
        total=total,
        since=words.exact(since, zone) if since is not None else "",
        chart=_chart(hours, asked, zone),
        severities=[
            Share(SEVERITIES[one][1], severities[one], _share(severities[one], total), None)
            for one in SEVERITIES
            if severities[one]
        ],
        actions=_shares([(texts[what], count, asked.href(action=what)) for what, count in actions], total),
        people=_shares(_named(people, programs, asked, role), total),
    )


def _hour() -> Any:
    """`2026-11-20 13 warning`: the hour in UTC, and how grave."""
    if db.is_postgresql():
        hour: Any = sa.func.to_char(sa.func.timezone("UTC", T.c.created_at), "YYYY-MM-DD HH24")
    else:
        hour = sa.func.substr(sa.type_coerce(T.c.created_at, sa.Text), 1, 13)
    return sa.type_coerce(hour, sa.Text).concat(" ").concat(T.c.severity)


def _named(
    people: Sequence[tuple[UUID | None, int]], programs: Sequence[tuple[UUID | None, int]], asked: Asked, role: Role
) -> list[tuple[str, int, str | None]]:
    """Who did how much. One query."""
    known_counts = [("user", row_id, count) for row_id, count in people if row_id is not None]
    known_counts += [("api_key", row_id, count) for row_id, count in programs if row_id is not None]
    known_counts = sorted(known_counts, key=lambda one: -one[2])
    names = known.find([(kind, row_id) for kind, row_id, _count in known_counts[:SHOWN]], role=role)
    found: list[tuple[str, int, str | None]] = []
    for kind, row_id, count in known_counts:
        name = names[kind, row_id].name if (kind, row_id) in names else ERASED
        label = name if kind == "user" else f"API key {name}"
        found.append((label, count, asked.href(user=str(row_id)) if kind == "user" else None))
    left = sum(count for _row_id, count in people) - sum(count for _kind, _row_id, count in known_counts)
    return [*found, ("The panel, and people not signed in", left, None)] if left else found


def _shares(found: list[tuple[str, int, str | None]], total: int) -> list[Share]:
    ordered = sorted(found, key=lambda one: (-one[1], one[0]))
    made = [Share(label, count, _share(count, total), href) for label, count, href in ordered[:SHOWN]]
    rest = sum(count for _label, count, _href in ordered[SHOWN:])
    return [*made, Share("All others", rest, _share(rest, total), None)] if rest else made


def _share(count: int, total: int) -> float:
    return round(100 * count / total, 1) if total else 0.0


def _chart(hours: Sequence[tuple[str, int]], asked: Asked, zone: str) -> dict[str, Any]:
    """Bars by day of the tenant's calendar: all rows, and those that are grave in front of them."""
    everything: Counter[date] = Counter()
    grave: Counter[date] = Counter()
    for what, count in hours:
        day = datetime.fromisoformat(f"{what[:13]}:00+00:00").astimezone(ZoneInfo(zone)).date()
        everything[day] += count
        if what[14:] in GRAVE:
            grave[day] += count
    first, last = (date.fromisoformat(asked.values[name]) for name in ("from", "to"))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    rows, bad = [everything[day] for day in days], [grave[day] for day in days]
    most = max(rows)
    return {
        "label": f"Rows by day, {_said(first)} to {_said(last)}: {sum(rows):,} in all, {sum(bad):,} of them warnings "
        f"or graver, at most {most:,} a day",
        "data": {
            "x": [int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) for day in days],
            "min": 0,
            "max": max(4, most * 1.12),
            "series": [
                {"label": "Rows", "token": "--chart-1-soft", "bars": True, "data": rows},
                {"label": "Warnings and graver", "token": "--chart-4", "bars": True, "data": bad},
            ],
        },
        "table": {
            "head": ["Day", "Rows", "Warnings and graver"],
            "rows": [
                [_said(day), f"{count:,}", f"{worse:,}"]
                for day, count, worse in zip(days, rows, bad, strict=True)
                if count
            ]
            or [[f"{_said(first)} to {_said(last)}", "0", "0"]],
        },
    }


def _said(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
