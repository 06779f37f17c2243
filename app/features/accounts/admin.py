"""`/admin/customers`: the list. One customer with everything is the dashboard's page."""

from collections.abc import Iterable, Iterator
from functools import cache

from babel import Locale
from flask import request
from flask.typing import ResponseReturnValue

from app.features.accounts import customers
from app.features.accounts.customers import CUSTOMERS, Line
from app.features.accounts.models import STATUSES
from app.features.audit import exporting
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Role, requires
from app.kernel.listed import listed
from app.kernel.pages import PageRoutes

routes = PageRoutes("accounts_admin", prefix="/admin/customers")

HERE = CUSTOMERS.here
STATES = {"active": ("good", "Active"), "closed": ("done", "Closed")}
EXPORT_HEAD = ("id", "company", "name", "email", "status", "source", "campaign", "country", "city", "phone", "since")


@routes.get("")
@requires(staff=Role.VIEWER)
def index() -> ResponseReturnValue:
    """Everybody who has an account here."""
    asked = CUSTOMERS.read(request.args)
    return listed(
        "accounts/admin/index.html",
        CUSTOMERS,
        asked,
        _rows,
        one="customer",
        crumbs=[("Customers", None)],
        states=(("", "Any"), *((status, STATES[status][1]) for status in STATUSES)),
        sources=(("", "Any"), *((source, source) for source in customers.sources())),
        countries=(("", "Any"), *((code, _country(code)) for code in customers.countries())),
    )


def _rows(found: Iterable[Line]) -> Iterator[tuple[str, ...]]:
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
    """What the list shows, whole, as CSV or XLSX. Logged; read in short reads while it is sent."""
    return exporting.export(CUSTOMERS, EXPORT_HEAD, tuple, request.form, resource_type="customer")
