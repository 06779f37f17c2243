"""Everything that is held about customers and people, from all rooms, in the order in which it is erased."""

from app.features.accounts import personal as accounts
from app.features.billing import personal as billing
from app.features.blog import personal as blog
from app.features.catalogue import personal as catalogue
from app.features.kb import personal as kb
from app.features.messages import personal as messages
from app.features.orders import personal as orders
from app.features.payments import personal as payments
from app.features.people import personal as people
from app.features.provisioning import personal as provisioning
from app.features.sessions import personal as sessions
from app.features.subscriptions import personal as subscriptions
from app.features.webhooks import personal as webhooks
from app.kernel.personal import Held

HELD: tuple[Held, ...] = (
    *webhooks.HELD,
    *blog.HELD,
    *kb.HELD,
    *messages.HELD,
    *provisioning.HELD,
    *orders.HELD,
    *subscriptions.HELD,
    *payments.HELD,
    *billing.HELD,
    *catalogue.HELD,
    *sessions.HELD,
    *people.HELD,
    *accounts.HELD,
)

ABOUT_NOBODY = {
    "api_activity_logs": "calls of programs; kept for a while only",
    "api_keys": "keys of programs; who made one is an id",
    "audit_export_parts": "encrypted, for whoever asked, and gone after a day",
    "audit_exports": "who asked is an id; gone after a day",
    "audit_seals": "fingerprints of the log",
    "audit_logs": "what is personal is encrypted for each person; erasing destroys the key",
    "blog_categories": "the company's own",
    "blog_slugs": "addresses of posts",
    "blog_tags": "words that posts are found by",
    "branding_configurations": "the company's own",
    "daily_figures": "sums",
    "data_copies": "encrypted, for whoever asked, and gone after a week",
    "data_copy_parts": "encrypted, for whoever asked, and gone after a week",
    "erasures": "ids, and when it was done: the proof that it was",
    "file_uses": "ids",
    "figure_deltas": "sums on their way",
    "hidden_checklists": "who hid it is an id",
    "idempotency_keys": "answers to programs, encrypted, gone after a day",
    "kb_articles": "the company's own",
    "kb_categories": "the company's own",
    "kb_page_tags": "the company's own",
    "kb_pages": "the company's own",
    "kb_readings": "sums",
    "kb_redirects": "the company's own",
    "kb_searches": "what was looked for, by day; nobody is named",
    "kb_trigrams": "letters of the company's own words",
    "kb_versions": "the company's own; who wrote one is an id",
    "kb_words": "the company's own",
    "ledger_entries": "books: they name invoices, not people",
    "mrr_movements": "sums of subscriptions",
    "number_series": "counters",
    "payment_callbacks": "what payment services reported: kept as books are",
    "person_keys": "the keys themselves: destroyed on erasing",
    "prices": "the catalogue",
    "products": "the catalogue",
    "promo_codes": "the catalogue",
    "provisioning_steps": "steps of set-ups, without names",
    "search_terms": "rewritten with the records that they belong to",
    "stored_files": "pictures without their metadata; who brought one is an id",
    "terms_versions": "the company's own",
    "testimonials": "published words of people without an account; staff delete them for good when asked to",
    "webhooks": "addresses of programs",
}
"""Tables that say nothing about anybody that erasing would have to reach, and why."""
