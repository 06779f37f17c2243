"""What readers do, counted a moment later: a GET never writes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.features.kb import words
from app.features.kb.models import LivePage, ReadingDay, SearchDay
from app.features.tenants.models import Tenant
from app.kernel import buffer, clock, db, tenancy
from app.kernel.columns import Id
from app.kernel.ids import new_id

RECENT = timedelta(days=30)
KEPT = timedelta(days=400)
"""How long it is known what was looked for and read on each day."""
LONGEST = 80
MOST_A_DAY = 5000
"""Different questions of one tenant and day that are kept; of others after them nothing is. What is opened counts for
those that were asked alone: anybody can write any words into an address."""
_KIND = "kb"
_ROBOTS = ("bot", "crawl", "spider", "slurp", "preview", "monitor", "curl", "wget", "python")


class Done(NamedTuple):
    """One thing that a reader did."""

    tenant_id: UUID
    day: date
    what: str
    """`read`, `searched`, `missed` or `clicked`."""
    about: Any
    """The article, or what was looked for."""


def is_person(browser: str) -> bool:
    """Whether the browser does not say that it is a program."""
    called = browser.lower()
    return bool(called) and not any(word in called for word in _ROBOTS)


def note_reading(article_id: UUID) -> None:
    """Somebody opened an article."""
    _note("read", article_id)


def note_search(question: str, *, found: bool) -> None:
    """Somebody looked for something, and something was found or not."""
    _note_question("searched" if found else "missed", question)


def note_click(question: str) -> None:
    """Somebody opened what they had found so."""
    _note_question("clicked", question)


def _note_question(what: str, question: str) -> None:
    text = " ".join(words.indexed(words.clean(question)))[:LONGEST]
    if text:
        _note(what, text)


def _note(what: str, about: Any) -> None:
    buffer.add(_KIND, Done(tenancy.current(), clock.now().date(), what, about))


@buffer.sink(_KIND)
def write(done: Sequence[Done]) -> None:
    """Count what was gathered, tenant by tenant; of a tenant or an article that is gone, nothing."""
    with tenancy.across_tenants("buffer"), db.transaction() as session:
        asked = {one.tenant_id for one in done}
        for tenant_id in sorted(session.scalars(sa.select(Tenant.id).where(Tenant.id.in_(asked)))):
            with tenancy.as_tenant(tenant_id):
                mine = [one for one in done if one.tenant_id == tenant_id]
                _count_readings(Counter((one.about, one.day) for one in mine if one.what == "read"))
                _count_searches([one for one in mine if one.what != "read"])


def _count_readings(counted: Counter[tuple[UUID, date]]) -> None:
    session = db.session()
    wanted = {article_id for article_id, _ in counted}
    if not wanted:
        return
    known = set(session.scalars(sa.select(LivePage.article_id).where(LivePage.article_id.in_(wanted))))
    for (article_id, day), times in sorted(counted.items()):
        if article_id not in known:
            continue
        session.execute(_ADD_READINGS, _row(article_id=article_id, day=day, times=times))
        session.execute(
            sa.update(LivePage)
            .where(LivePage.article_id == article_id)
            .values(views=LivePage.views + times, recent_views=LivePage.recent_views + times)
            .execution_options(synchronize_session=False)
        )


def _count_searches(done: Iterable[Done]) -> None:
    session = db.session()
    counted: dict[tuple[date, str], Counter[str]] = {}
    for one in done:
        counted.setdefault((one.day, one.about), Counter())[one.what] += 1
    room = {day: _room(day) for day, _ in counted}
    for (day, text), what in sorted(counted.items()):
        found, missed, clicked = what["searched"], what["missed"], what["clicked"]
        times = {"searches": found + missed, "misses": missed, "clicks": clicked}
        wanted = sa.select(SearchDay.id).where(SearchDay.day == day, SearchDay.words == text)
        is_new = session.scalar(wanted) is None
        if is_new and (room[day] <= 0 or not times["searches"]):
            continue
        room[day] -= is_new
        session.execute(_ADD_SEARCHES, _row(day=day, words=text, **times))


def _room(day: date) -> int:
    """How many questions that nobody asked on that day can still be kept."""
    known = sa.select(sa.func.count()).select_from(SearchDay).where(SearchDay.day == day)
    return MOST_A_DAY - (db.session().scalar(known) or 0)


def _row(**values: Any) -> dict[str, Any]:
    return {"id": new_id(), "now": clock.now(), "tenant": tenancy.current(), **values}


def _text(statement: str, **types: Any) -> Any:
    typed = {"id": Id(), "tenant": Id(), "now": db.UtcDateTime(), "day": sa.Date(), **types}
    made = sa.text(statement).bindparams(*[sa.bindparam(name, type_=kind) for name, kind in typed.items()])
    return tenancy.named(made, "names its own tenant")


_ADD_READINGS = _text(
    "INSERT INTO kb_readings (id, created_at, tenant_id, article_id, day, views) "
    "VALUES (:id, :now, :tenant, :article_id, :day, :times) "
    "ON CONFLICT (tenant_id, article_id, day) DO UPDATE SET views = kb_readings.views + excluded.views",
    article_id=Id(),
)
_ADD_SEARCHES = _text(
    "INSERT INTO kb_searches (id, created_at, tenant_id, day, words, searches, misses, clicks) "
    "VALUES (:id, :now, :tenant, :day, :words, :searches, :misses, :clicks) "
    "ON CONFLICT (tenant_id, day, words) DO UPDATE SET searches = kb_searches.searches + excluded.searches, "
    "misses = kb_searches.misses + excluded.misses, clicks = kb_searches.clicks + excluded.clicks"
)


def tidy() -> None:
    """Reckon anew what was read in the last 30 days, and let go of what is too old. For the tenant that is set."""
    session, today = db.session(), clock.now().date()
    session.execute(sa.delete(ReadingDay).where(ReadingDay.day < today - KEPT))
    session.execute(sa.delete(SearchDay).where(SearchDay.day < today - KEPT))
    read = (
        sa.select(sa.func.coalesce(sa.func.sum(ReadingDay.views), 0))
        .where(ReadingDay.article_id == LivePage.article_id, ReadingDay.tenant_id == LivePage.tenant_id)
        .where(ReadingDay.day > today - RECENT)
        .correlate(LivePage)
        .scalar_subquery()
    )
    some = sa.update(LivePage).where(LivePage.recent_views > 0).values(recent_views=read)
    session.execute(some.execution_options(synchronize_session=False))
