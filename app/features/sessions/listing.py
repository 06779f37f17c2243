"""A person's devices as both pages show them."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.features.sessions import service
from app.features.sessions.models import UserSession
from app.features.tenants import service as tenants
from app.kernel import words
from app.kernel.access import Principal

_ICONS = {"desktop": "device-desktop", "mobile": "device-mobile", "tablet": "device-tablet"}


@dataclass(frozen=True)
class DeviceRow:
    """One login, in words."""

    id: str
    icon: str
    name: str
    where: str
    last_iso: str
    last: str
    last_exact: str
    began: str
    is_current: bool


def device_rows(principal: Principal) -> Sequence[DeviceRow]:
    """The person's logins, the present one first."""
    zone = tenants.current().time_zone
    return [_row(login, principal, zone) for login in service.list_for(principal)]


def _row(login: UserSession, principal: Principal, zone: str) -> DeviceRow:
    is_current = login.id == principal.session_id
    return DeviceRow(
        id=str(login.id),
        icon="eye" if login.impersonator_session_id else _ICONS.get(login.device_type, "world"),
        name=login.device,
        where=" · ".join(part for part in (login.place, login.ip) if part) or "for at most an hour",
        last_iso=login.last_active_at.isoformat(),
        last="now" if is_current else words.ago(login.last_active_at, zone),
        last_exact=words.exact(login.last_active_at, zone),
        began=f"since {words.day(login.created_at, zone)}",
        is_current=is_current,
    )


def password_state(principal: Principal) -> str:
    """`Set 14 Mar 2026`."""
    set_at = service.password_set_at(principal)
    return f"Set {words.day(set_at, tenants.current().time_zone)}" if set_at else "Not set yet"
