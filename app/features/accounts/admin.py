"""`/admin/customers`: the list. One customer with everything is the dashboard's page."""

from collections.abc import Iterator, Mapping
from functools import cache
from urllib.parse import urlencode

from babel import Locale
from flask import Response, request
from flask.typing import ResponseReturnValue

from app.features.accounts import directory
from app.features.accounts.directory import Line, Search
from app.features.accounts.models import STATUSES
from app.features.audit import service as audit
from app.features.tenants import service as tenants
from app.kernel import clock, spreadsheet, tenancy, words
from app.kernel.access import Role, requires
from app.kernel.pages import PageRoutes, page

routes = PageRoutes("accounts_admin", prefix="/admin/customers")

HERE = "/admin/customers"
STATES = {"active": ("good", "Active"), "closed": ("done", "Closed")}
SORTS = (("newest", "Newest first"), ("oldest", "Oldest first"), ("name", "By name"))
LONGEST_TEXT = 100
CSV_HEAD = ("id", "company", "name", "email", "status", "source", "campaign", "country", "city", "phone", "since")


@routes.get("")
@requires(staff=Role.VIEWER)
def index() -> ResponseReturnValue:
    """Everybody who has an account here."""
    search = _asked(request.args)
    found = directory.list_customers(search, cursor=request.args.get("cursor"))
    total = directory.count(search)
    return page(
        "accounts/admin/index.html",
        crumbs=[("Customers", None)],
        search=search,
        rows=list(_rows(found.items)),
        everybody=f"{directory.count(Search()) if search.is_filtered else total:,}",
        total=f"{total:,}",
        range_text=f"{len(found.items):,} of {words.plural(total, 'customer')}",
        previous_href=_to(search, cursor=found.previous_cursor) if found.previous_cursor else None,
        next_href=_to(search, cursor=found.next_cursor) if found.next_cursor else None,
        sort_hrefs={name: _to(search, sort=name) for name in directory.SORTS},
        states=(("", "Any"), *((status, STATES[status][1]) for status in STATUSES)),
        sources=(("", "Any"), *((source, source) for source in directory.sources())),
        countries=(("", "Any"), *((code, _country(code)) for code in directory.countries())),
        sorts=SORTS,
    )


def _asked(given: Mapping[str, str]) -> Search:
    """What the address says, as far as it makes sense; the rest is left out."""
    wanted = {name: given.get(name, "").replace("\0", "").strip()[:LONGEST_TEXT] for name in ("q", "source", "country")}
    status, sort = given.get("status", ""), given.get("sort", "")
    return Search(
        text=wanted["q"],
        status=status if status in STATUSES else "",
        source=wanted["source"],
        country=wanted["country"],
        sort=sort if sort in directory.SORTS else directory.SORTS[0],
    )


def _to(search: Search, *, cursor: str | None = None, sort: str | None = None) -> str:
    """The address of this list, searched in the same way."""
    said = {"q": search.text, "status": search.status, "source": search.source, "country": search.country}
    sort = sort or search.sort
    said |= {"sort": "" if sort == directory.SORTS[0] else sort, "cursor": cursor or ""}
    query = urlencode({name: value for name, value in said.items() if value})
    return f"{HERE}?{query}" if query else HERE


def _rows(found: list[Line]) -> Iterator[tuple[str, ...]]:
    zone = tenants.current().time_zone
    for line in found:
        title = line.company or line.name
        initials = "".join(part[0] for part in title.split()[:2]).upper()
        tone, state = STATES[line.status]
        below = f"{line.name} · {line.email}" if line.company else line.email
        source, campaign = line.marketing_source or "–", line.utm_campaign or "–"
        country = _country(line.country) if line.country else "–"
        yield (
            f"{HERE}/{line.id}", initials, title, below, tone, state, source, campaign, country,
            words.day(line.created_at, zone), words.exact(line.created_at, zone),
        )  # fmt: skip


@cache
def _country(code: str) -> str:
    return str(Locale("en").territories.get(code.upper(), code))


@routes.post("/export")
@requires(staff=Role.BILLING, limits=("10/minute",))
def export() -> ResponseReturnValue:
    """What the list shows, whole, as CSV. Logged; streamed in short reads."""
    search = _asked(request.form)
    audit.record("DATA_EXPORTED", resource_type="customer", resource_id=None, after={"what": "customers", "as": "csv"})
    rows = map(_cells, directory.export(search, tenant_id=tenancy.current()))
    answer = Response(spreadsheet.lines(CSV_HEAD, rows), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="customers-{clock.now():%Y-%m-%d}.csv"'
    return answer


def _cells(line: Line) -> tuple[str, ...]:
    """In the order of `CSV_HEAD`."""
    return (*(str(value) for value in line[:-1]), line.created_at.isoformat(timespec="seconds"))
