"""The staff's global search: records of all rooms by what they are called, and what can be done.

Each room looks through its own indexes and leaves out what the role may not
see. At most `MOST_EACH` of each kind, so that the cost does not grow.
"""

from typing import NamedTuple

from app.features.accounts import slots as accounts
from app.features.billing import slots as billing
from app.features.blog import slots as blog
from app.features.kb import slots as kb
from app.features.orders import slots as orders
from app.features.payments import slots as payments
from app.features.subscriptions import slots as subscriptions
from app.features.webhooks import slots as webhooks
from app.kernel import terms
from app.kernel.access import Role
from app.kernel.filters import clean
from app.kernel.slots import Hit

MOST_EACH = 5
LEAST_LETTERS = 2
ROOMS = (
    accounts.search,
    orders.search,
    billing.search,
    payments.search,
    subscriptions.search,
    webhooks.search,
    blog.search,
    kb.search,
)

ACTIONS = (
    ("Add a product", "Products", "/admin/products/new", "package", Role.ADMIN),
    ("Add a promo code", "Promo codes", "/admin/promo-codes/new", "percentage", Role.ADMIN),
    ("Write a help article", "Help centre", "/admin/kb/new", "book-2", Role.MEMBER),
    ("Make an API key", "API keys", "/admin/api-keys/new", "key", Role.ADMIN),
    ("Write a post", "Blog", "/admin/blog/new", "article", Role.MEMBER),
    ("Write down a testimonial", "Testimonials", "/admin/testimonials/new", "message-2", Role.MEMBER),
    ("Add a webhook endpoint", "Webhooks", "/admin/integrations/webhooks/new", "plug-connected", Role.ADMIN),
)
"""What can be begun from anywhere: label, where it belongs, address, icon, least role."""


class Found(NamedTuple):
    """What a search found, in groups, and for what."""

    text: str
    groups: list[tuple[str, list[Hit]]]
    """Label and hits; no group is empty."""
    is_short: bool
    """Too little was typed to look for."""


def look(given: str, role: Role) -> Found:
    """Everything that what was typed may mean, for somebody with that role."""
    text = clean(given)
    if len(text) < LEAST_LETTERS:
        return Found(text, [], True)
    groups: dict[str, list[Hit]] = {}
    for search in ROOMS:
        for hit in search(text, role=role, limit=MOST_EACH):
            groups.setdefault(hit.kind, []).append(hit)
    begun = _actions(text, role)
    if begun:
        groups["Do"] = begun
    return Found(text, list(groups.items()), False)


def _actions(text: str, role: Role) -> list[Hit]:
    asked = terms.words_in(text)
    return [
        Hit("Do", label, where, href, icon)
        for label, where, href, icon, least in ACTIONS
        if role >= least and asked and all(_is_begun(word, label) for word in asked)
    ]


def _is_begun(word: str, label: str) -> bool:
    return any(known.startswith(word) for known in terms.words_of([label]))
