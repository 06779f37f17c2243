"""The ways through the house: the staff's sidebar and the customers' bar, by role."""

from dataclasses import dataclass
from functools import cache

from app.kernel.access import Principal, Role


@dataclass(frozen=True, eq=False)
class Item:
    """One entry of the navigation, as the layouts draw it. It is made once, and is nothing but itself."""

    label: str
    href: str
    icon: str
    current: bool = False
    count: str = ""
    tone: str = ""


@dataclass(frozen=True, eq=False)
class Group:
    """Entries under one heading; the first group has none."""

    label: str
    items: tuple[Item, ...]


STAFF = (
    (
        "",
        (
            ("Today", "/admin", "layout-dashboard", Role.VIEWER),
            ("Customers", "/admin/customers", "users", Role.VIEWER),
            ("Orders", "/admin/orders", "shopping-cart", Role.BILLING),
            ("Subscriptions", "/admin/subscriptions", "refresh", Role.VIEWER),
            ("Set-up tasks", "/admin/provisioning", "server-2", Role.MEMBER),
        ),
    ),
    (
        "Money",
        (
            ("Invoices", "/admin/billing", "receipt", Role.BILLING),
            ("Payments", "/admin/payments", "cash", Role.BILLING),
            ("Products", "/admin/products", "package", Role.BILLING),
            ("Promo codes", "/admin/promo-codes", "percentage", Role.BILLING),
        ),
    ),
    (
        "Content",
        (
            ("Help centre", "/admin/kb", "book-2", Role.MEMBER),
            ("Blog", "/admin/blog", "article", Role.VIEWER),
            ("Testimonials", "/admin/testimonials", "message-2", Role.VIEWER),
        ),
    ),
    (
        "Reach",
        (
            ("Messages", "/admin/messages", "mail", Role.MEMBER),
            ("Webhooks", "/admin/integrations/webhooks", "plug-connected", Role.ADMIN),
            ("API keys", "/admin/api-keys", "key", Role.ADMIN),
        ),
    ),
    (
        "House",
        (
            ("Settings", "/admin/settings", "settings", Role.ADMIN),
            ("Staff", "/admin/staff", "users", Role.ADMIN),
            ("Privacy", "/admin/privacy", "shield-lock", Role.ADMIN),
            ("Audit log", "/admin/audit", "shield-check", Role.ADMIN),
        ),
    ),
    (
        "Installation",
        (
            ("Tenants", "/admin/tenants", "building-store", Role.OWNER),
            ("Operations", "/admin/ops", "activity", Role.ADMIN),
        ),
    ),
)
CLIENT = (
    (
        "",
        (
            ("Overview", "/client", "home", Role.VIEWER),
            ("Services", "/client/services", "server-2", Role.VIEWER),
            ("Billing", "/client/billing", "receipt", Role.BILLING),
            ("Account", "/client/account", "user-circle", Role.VIEWER),
            ("People", "/client/people", "users", Role.VIEWER),
            ("Security", "/client/security/sessions", "shield-check", Role.VIEWER),
            ("Help", "/help", "lifebuoy", Role.VIEWER),
        ),
    ),
)


OPERATORS_OWN = frozenset({"/admin/ops", "/admin/tenants"})
"""For the staff of the first tenant only."""


BEHIND = {"/client/privacy": "/client/account"}
"""Pages with an address of their own that one reaches from an entry, which is marked for them."""


_HOMES = frozenset({"/admin", "/client"})
_PLACES = {
    is_staff: [(entry[1], "" if entry[1] in _HOMES else entry[1] + "/") for _, entries in table for entry in entries]
    for is_staff, table in ((True, STAFF), (False, CLIENT))
}
"""The address of each entry, and how those behind it begin; everything is behind the homes, which says nothing."""


def navigation(who: Principal, path: str, *, is_operator: bool) -> tuple[Group, ...]:
    """What `who` may go to in the operator's or another tenant's house, with the entry of `path` marked.

    Nowhere for somebody who has to accept the terms first: every way would lead back to them.
    """
    role = who.staff_role or who.customer_role
    if role is None or who.owes_terms:
        return ()
    path = BEHIND.get(path, path)
    places = _PLACES[who.is_staff]
    current = tuple(href for href, below in places if path == href or (below and path.startswith(below)))
    return _groups(who.is_staff, role, is_operator=is_operator, current=current)


@cache
def _groups(is_staff: bool, role: Role, *, is_operator: bool, current: tuple[str, ...]) -> tuple[Group, ...]:
    """The same groups each time for a role and a place, so that what is drawn of them can be kept."""
    table = STAFF if is_staff else CLIENT
    groups = []
    for label, entries in table:
        items = tuple(
            Item(text, href, icon, current=href in current)
            for text, href, icon, least in entries
            if role >= least and (is_operator or href not in OPERATORS_OWN)
        )
        if items:
            groups.append(Group(label, items))
    return tuple(groups)
