"""How much happened when, what it was and who did it: for whatever the log is narrowed to.

Counted over the newest `MOST_COUNTED` rows that fit, so that the page costs the same in every log. Where there are
more, it says from which moment on it counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.features.audit import reading
from app.features.audit.listing import T
from app.features.audit.telling import ERASED, SEVERITIES, told_apart
from app.kernel import clock, known, words
from app.kernel.access import Role
from app.kernel.asked import Asked

MOST_COUNTED = 10_000
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
    """The figures of what `asked` narrows the log to: `MOST_COUNTED` rows are read at the most."""
    columns = (T.c.severity, T.c.action, T.c.actor_user_id, T.c.actor_key_id)
    rows, since = reading.newest(asked, columns, most=MOST_COUNTED)
    total, local = len(rows), ZoneInfo(zone)
    severities = Counter(severity for severity, *_ in rows)
    actions = Counter(action for _, action, *_ in rows)
    who = Counter((user_id, key_id) for _, _, user_id, key_id, *_ in rows)
    days = Counter((at.astimezone(local).date(), severity in GRAVE) for severity, _, _, _, at, _ in rows)
    texts = told_apart(actions)
    return Figures(
        total=total,
        since=words.exact(since, zone) if since is not None else "",
        chart=_chart(days, asked),
        severities=[
            Share(SEVERITIES[one][1], severities[one], _share(severities[one], total), None)
            for one in SEVERITIES
            if severities[one]
        ],
        actions=_shares([(texts[what], count, asked.href(action=what)) for what, count in actions.items()], total),
        people=_shares(_named(who, asked, role), total),
    )


def _named(
    who: Mapping[tuple[UUID | None, UUID | None], int], asked: Asked, role: Role
) -> list[tuple[str, int, str | None]]:
    """Who did how much. One query."""
    users: Counter[UUID | None] = Counter()
    keys: Counter[UUID] = Counter()
    for (user_id, key_id), count in who.items():
        if user_id is None and key_id is not None:
            keys[key_id] += count
        else:
            users[user_id] += count
    unknown = users.pop(None, 0)
    shown = [("user", row_id) for row_id, _ in users.most_common(SHOWN) if row_id is not None]
    shown += [("api_key", row_id) for row_id, _ in keys.most_common(SHOWN)]
    names = known.find(shown, role=role)
    found: list[tuple[str, int, str | None]] = []
    for row_id, count in users.items():
        name = names["user", row_id].name if row_id is not None and ("user", row_id) in names else ERASED
        found.append((name, count, asked.href(user=str(row_id))))
    for row_id, count in keys.items():
        name = names["api_key", row_id].name if ("api_key", row_id) in names else "that has gone"
        found.append((f"API key {name}", count, None))
    return [*found, ("The panel, and people not signed in", unknown, None)] if unknown else found


def _shares(found: list[tuple[str, int, str | None]], total: int) -> list[Share]:
    ordered = sorted(found, key=lambda one: (-one[1], one[0]))
    made = [Share(label, count, _share(count, total), href) for label, count, href in ordered[:SHOWN]]
    rest = sum(count for _label, count, _href in ordered[SHOWN:])
    return [*made, Share("All others", rest, _share(rest, total), None)] if rest else made


def _share(count: int, total: int) -> float:
    return round(100 * count / total, 1) if total else 0.0


def _chart(counts: Mapping[tuple[date, bool], int], asked: Asked) -> dict[str, Any]:
    """Bars by day of the tenant's calendar: all rows, and those that are grave in front of them."""
    first, last = (date.fromisoformat(asked.values[name]) for name in ("from", "to"))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    bad = [counts.get((day, True), 0) for day in days]
    rows = [counts.get((day, False), 0) + worse for day, worse in zip(days, bad, strict=True)]
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
