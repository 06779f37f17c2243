"""Which tables the log watches by itself, what a row of each is called there, and which it leaves alone, with why."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Watched:
    """How changes of a table's rows stand in the log."""

    name: str
    """The resource type, as events and verbs say it."""
    person: str = ""
    """The column with the id of whom its personal fields are about; empty: of the actor."""
    part_of: tuple[str, str] = ("", "")
    """The type of the record that it is a part of, and the column with that one's id."""
    told_by: frozenset[str] = frozenset()
    """Other types whose verbs tell of it when a statement changes many rows, or counts: the payment of an invoice."""
    quiet: frozenset[str] = frozenset()
    """Columns whose changes are no news."""
    personal: frozenset[str] = frozenset()
    """Columns that are personal here, besides those that always are."""


def _some(*names: str) -> frozenset[str]:
    return frozenset(names)


WATCHED: dict[str, Watched] = {
    "api_keys": Watched("api_key", quiet=_some("last_used_at")),
    "branding_configurations": Watched("branding", quiet=_some("changed_at")),
    "consents": Watched("consent", person="user_id", part_of=("user", "user_id")),
    "blog_posts": Watched(
        "post",
        person="author_id",
        told_by=_some("post_category"),
        quiet=_some("contents", "html", "summary", "title_key", "views"),
        personal=_some("author_name"),
    ),
    "blog_categories": Watched("post_category", quiet=_some("name_key")),
    "blog_slugs": Watched("post_slug", part_of=("post", "post_id")),
    "blog_tags": Watched("post_tag", part_of=("post", "post_id")),
    "customer_notes": Watched(
        "customer_note", person="customer_id", part_of=("customer", "customer_id"), personal=_some("text")
    ),
    # What an article says stands in its versions; the log says that it changed.
    "kb_articles": Watched("kb_article", quiet=_some("body", "changed_at", "review_note", "title_key")),
    "kb_categories": Watched("kb_topic"),
    # Money of an account moves by entries of the ledger, each logged with the payment that caused it.
    "customers": Watched("customer", person="id", quiet=_some("credit_minor", "search_key")),
    "invitations": Watched("invitation", quiet=_some("delivered_at", "email_key", "token_hash")),
    "invoice_lines": Watched("invoice_line", part_of=("invoice", "invoice_id")),
    "invoices": Watched("invoice", person="customer_id", told_by=_some("payment"), quiet=_some("sequence")),
    "order_lines": Watched("order_line", part_of=("order", "order_id")),
    "orders": Watched("order", person="customer_id"),
    "payments": Watched("payment", person="customer_id", personal=_some("note")),
    "prices": Watched("price", part_of=("product", "product_id")),
    "products": Watched("product", told_by=_some("order")),
    "promo_code_usage": Watched("promo_code_usage", part_of=("promo_code", "promo_code_id"), told_by=_some("order")),
    "promo_codes": Watched("promo_code", quiet=_some("uses", "code_key")),
    "service_accesses": Watched("service_access", part_of=("subscription", "subscription_id")),
    "subscriptions": Watched("subscription", person="customer_id", quiet=_some("revision")),
    "stored_files": Watched("file", quiet=_some("unused_since")),
    "tenants": Watched("tenant"),
    "terms_versions": Watched("terms_version"),
    "testimonials": Watched("testimonial", person="id", personal=_some("title", "quote")),
    "users": Watched("user", person="id", quiet=_some("last_sign_in_at", "email_key")),
    "webhooks": Watched("webhook", quiet=_some("failing_since")),
}
"""By table. Every change of a row of these stands in the log, whoever makes it."""

EXEMPT: dict[str, str] = {
    "api_activity_logs": "a log itself: of requests",
    "audit_export_parts": "files made of the log; asking for one is logged as DATA_EXPORTED",
    "audit_exports": "files made of the log; asking for one is logged as DATA_EXPORTED",
    "audit_logs": "the log itself",
    "audit_seals": "the seals of the log",
    "customer_aliases": "merging is logged as CUSTOMER_MERGED; the database refuses a second row of one",
    "daily_figures": "kept figures: sums of what is logged",
    "data_copies": "an outbox: asking for a copy is logged as DATA_EXPORTED",
    "data_copy_parts": "files made for somebody; asking for one is logged as DATA_EXPORTED",
    "email_changes": "links: asked, confirmed and undone are logged with the user",
    "email_undos": "links that undo a change of address; used, they are logged with the user",
    "email_queue": "an outbox: its rows are the record; what staff do to it is logged by name",
    "erasures": "an outbox: asked, decided and done are logged as ERASURE_... and ..._ERASED",
    "file_uses": "which record shows which picture: told by the record's own change",
    "figure_deltas": "kept figures: sums of what is logged",
    "heartbeats": "signs of life of processes",
    "hidden_checklists": "what somebody folded away on a page",
    "idempotency_keys": "answers kept for a day for programs that ask twice",
    "isolation_runs": "results of the check of the walls between tenants, kept by a command",
    "job_runs": "runs of scheduled work; one by hand is logged as JOB_RUN",
    "kb_page_tags": "what readers see: made when an article is published, which is logged",
    "kb_pages": "what readers see: made when an article is published, which is logged",
    "kb_readings": "kept figures: how often articles were read",
    "kb_redirects": "addresses that articles had; changing one is logged with the article",
    "kb_searches": "kept figures: what was looked for",
    "kb_trigrams": "letters of the words of published articles",
    "kb_versions": "versions themselves: each is logged with the article as ARTICLE_SAVED",
    "kb_votes": "what visitors said: the rows are the record",
    "kb_words": "the words of published articles",
    "ledger_entries": "a journal itself: only ever added to, and the database refuses the rest",
    "ledger_postings": "a journal itself: only ever added to, and the database refuses the rest",
    "limit_counters": "counters of limits",
    "mrr_movements": "kept figures: sums of what is logged",
    "number_series": "counters of numbers; what got the number is logged",
    "password_requests": "an outbox: asking is logged as PASSWORD_RESET_REQUESTED",
    "password_reset_tokens": "links: made, sent and used are logged as PASSWORD_LINK_CREATED and PASSWORD_SET",
    "payment_callbacks": "an inbox: kept as it came; what it led to is logged by name",
    "person_keys": "the keys of the log's personal parts",
    "provisioning_jobs": "an outbox: what people do to it is logged as SETUP_TASK_..., what it does as SERVICE_...",
    "provisioning_steps": "steps of an outbox",
    "scheduled_jobs": "the timetable of scheduled work",
    "search_terms": "words that records are found by, made from what is logged",
    "sign_ups": "what somebody typed who is nobody yet; confirming it is logged as USER_CREATED",
    "user_sessions": "logins: begun and ended are logged by name, the rest is when they were last seen",
    "webhook_deliveries": "an outbox: its rows are the record; what staff do to it is logged by name",
}
"""By table, why its changes need no row of their own."""

ALWAYS_QUIET = frozenset({"id", "tenant_id", "created_at"})
"""Of every record: they are in the log's row itself, and never change."""
