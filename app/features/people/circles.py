"""The people of one circle as its pages show them: the staff, or those of one customer's account.

Three doors lead to the same pages: staff to the staff, staff to a customer's
people, and a customer's people to themselves.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from app.features.accounts import rights
from app.features.accounts import slots as accounts
from app.features.people import listing, roles
from app.features.people.listing import Asked, Person
from app.features.sessions import oversight
from app.features.tenants import service as tenants
from app.kernel import asked as asking
from app.kernel import clock, words
from app.kernel.access import Principal, Role
from app.kernel.lists import Listing

MANY = 10
"""From so many on a list is worth narrowing."""
SHOWN = 20
"""Invitations above the list of people; all of them are behind its filter."""
STATES = (("", "Any"), ("active", "Active"), (listing.INVITED, "Invited"), ("deactivated", "Deactivated"))


@dataclass(frozen=True)
class Circle:
    """Who is looked after here, from where, and how far whoever asks may go."""

    here: str
    """The address of its list."""
    who: Principal
    customer_id: UUID | None
    """Whose account; None is the staff."""
    one: str = "person"
    many: str = "people"
    is_closed: bool = False
    """Whether nobody can join: the account is closed."""

    @property
    def is_staff(self) -> bool:
        """Whether this is the staff."""
        return self.customer_id is None

    @property
    def highest(self) -> Role | None:
        """The highest role that may be given and touched; None for those who only look."""
        return rights.reach_of(self.who, self.customer_id)

    def may_touch(self, user_id: UUID, role: Role) -> bool:
        """Whether somebody with that role may be changed: nobody changes themselves."""
        return self.highest is not None and role <= self.highest and user_id != self.who.user_id

    @property
    def people(self) -> Listing:
        """The list of those who belong here."""
        return replace(listing.STAFF if self.is_staff else listing.PEOPLE, here=self.here)

    @property
    def invitations(self) -> Listing:
        """The list of those who are asked to come in."""
        return replace(listing.ASKED_STAFF if self.is_staff else listing.ASKED_PEOPLE, here=self.here)


def shown(circle: Circle, given: Mapping[str, str]) -> dict[str, Any]:
    """What the template of the list needs: invitations first, then people, or one of the two by the filter."""
    people, invitations = circle.people, circle.invitations
    only_invited = given.get("status") == listing.INVITED
    asked = people.read({**given, "cursor": ""} if only_invited else given)
    found, total = people.page(asked, of=circle.customer_id), people.count(asked, of=circle.customer_id)
    rows = list(_people(circle, found.items))
    foot = asking.foot(asked, found, total, circle.one, circle.many)
    waiting: list[tuple[Any, ...]] = []
    if circle.highest is not None and asked.values["status"] in {"", listing.INVITED}:
        wanted = invitations.read({**given, "cursor": given.get("cursor", "") if only_invited else ""})
        open_ones = invitations.page(wanted, of=circle.customer_id, limit=None if only_invited else SHOWN)
        if only_invited or not asked.cursor:
            waiting = list(_invitations(circle, open_ones.items))
        if only_invited:
            count = invitations.count(wanted, of=circle.customer_id)
            foot = asking.foot(replace(asked, sort=wanted.sort), open_ones, count, "invitation")
    return {
        "circle": circle,
        "asked": asked,
        "rows": rows,
        "waiting": waiting,
        "foot": foot,
        "total": total.short,
        "is_long": asked.is_filtered or total.number > MANY or circle.is_staff,
        "states": STATES if circle.highest is not None else tuple(pair for pair in STATES if pair[0] != "invited"),
        "role_filter": (("", "Any"), *((role.name, roles.label(role)) for role in roles.words(circle.customer_id))),
        "sorts": [(name, sort.label) for name, sort in people.sorts.items()],
        "explained": roles.explained(circle.customer_id),
    }


def _people(circle: Circle, found: list[Person]) -> Iterator[tuple[Any, ...]]:
    zone = tenants.current().time_zone
    logins = oversight.counts([one.id for one in found], is_staff=True) if circle.is_staff else {}
    for one in found:
        is_self = one.id == circle.who.user_id
        href = f"{circle.here}/{one.id}" if circle.highest is not None else ""
        tone, state = state_of(one)
        seen, exactly = last_seen(one, zone)
        yield (
            href, words.initials(one.name), one.name, one.email if one.name != one.email else "", is_self,
            roles.label(one.role), tone, state, logins.get(one.id, 0), seen, exactly,
        )  # fmt: skip


def state_of(person: Any) -> tuple[str, str]:
    """Tone and word, of a row of the list or of a person."""
    return ("done", "Deactivated") if person.disabled_at is not None else ("good", "Active")


def last_seen(person: Any, zone: str) -> tuple[str, str]:
    """When somebody last signed in, and exactly."""
    if person.last_sign_in_at is None:
        return ("never" if person.password_set_at else "no password yet"), ""
    return words.ago(person.last_sign_in_at, zone), words.exact(person.last_sign_in_at, zone)


def _invitations(circle: Circle, found: Iterable[Asked]) -> Iterator[tuple[Any, ...]]:
    zone, now = tenants.current().time_zone, clock.now()
    found = list(found)
    inviters = accounts.names_of({one.invited_by for one in found})
    for one in found:
        is_over = one.expires_at <= now
        may = circle.highest is not None and Role(one.role) <= circle.highest
        by = f"Invited {words.ago(one.created_at, zone)} by {inviters.get(one.invited_by, 'somebody who has left')}"
        often = f", sent {one.times_sent} times" if one.times_sent > 1 else ""
        until = f"ran out {words.ago(one.expires_at, zone)}" if is_over else f"until {words.day(one.expires_at, zone)}"
        yield (
            str(one.id), one.email, by + often, roles.label(Role(one.role)),
            "warn" if is_over else "info", "Ran out" if is_over else "Invited", until,
            words.exact(one.expires_at, zone), may,
        )  # fmt: skip
