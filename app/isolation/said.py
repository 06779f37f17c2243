"""What the check cannot find out by itself: the page to read when a new route fails as not exercised.

- A parameter or field that names a record is called after its table (`customer_id`, `planId`): else `TABLES`.
- Ids that are no ids of rows (tokens, codes) are made by `SPOKEN`.
- Texts of forms that a page leaves empty are filled from `WORDS`, those of JSON from the schema's examples.
- What a route may answer to its own id instead of doing it stands in `EXPECTED`, what is not tried at all in
  `EXCEPTIONS`: each with its reason.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.models import EmailChange, EmailUndo, PasswordToken, SignUp, User
from app.features.blog.models import Post
from app.features.catalogue.models import PromoCode
from app.features.kb.models import Category, LivePage, PageTag
from app.features.people.models import Invitation
from app.kernel import clock, crypto, db

TABLES: Mapping[str, str] = {
    "message_id": "email_queue",
    "session_id": "user_sessions",
    "key_id": "api_keys",
    "code_id": "promo_codes",
    "job_id": "provisioning_jobs",
    "delivery_id": "webhook_deliveries",
    "callback_id": "payment_callbacks",
    "plan_id": "products",
    "invoice": "invoices",
    "code": "promo_codes",
    "promo_code": "promo_codes",
    "token": "password_reset_tokens",
    "tenant": "tenants",
    "owner_id": "users",
    "note_id": "customer_notes",
    "row_id": "audit_logs",
    "copy_id": "data_copies",
    "app.features.blog.public:slug": "blog_posts",
    "app.features.blog.api:slug": "blog_posts",
    "post_id": "blog_posts",
    "category_id": "blog_categories",
    "instead": "blog_categories",
    "cover_id": "stored_files",
    "topic_id": "kb_categories",
    "tag": "kb_page_tags",
    "app.features.kb.public:slug": "kb_pages",
    "app.features.kb.public:topic": "kb_categories",
    "app.features.kb.api:slug": "kb_pages",
    "kept_id": "customers",
    "app.features.people.public:token": "invitations",
    "app.features.sessions.public_sign_up:token": "sign_ups",
    "app.features.accounts.public_email:token": "email_changes",
    "app.features.accounts.public_email_undo:token": "email_undos",
}
"""By parameter or field, in snake case, where the name alone does not say it; `MODULE:NAME` where rooms differ."""

SPOKEN: Mapping[tuple[str, str], Callable[[UUID], str]] = {
    ("code", "promo_codes"): lambda row_id: _one(PromoCode.code, PromoCode.id == row_id),
    ("promo_code", "promo_codes"): lambda row_id: _one(PromoCode.code, PromoCode.id == row_id),
    ("slug", "blog_posts"): lambda row_id: _one(Post.slug, Post.id == row_id),
    ("tag", "kb_page_tags"): lambda row_id: _one(PageTag.tag, PageTag.id == row_id),
    ("slug", "kb_pages"): lambda row_id: _one(LivePage.slug, LivePage.id == row_id),
    ("topic", "kb_categories"): lambda row_id: _one(Category.slug, Category.id == row_id),
    ("email", "users"): lambda row_id: _one(User.email, User.id == row_id),
    ("token", "password_reset_tokens"): partial(crypto.link_token, PasswordToken.link_purpose),
    ("token", "invitations"): partial(crypto.link_token, Invitation.link_purpose),
    ("token", "sign_ups"): partial(crypto.link_token, SignUp.link_purpose),
    ("token", "email_changes"): partial(crypto.link_token, EmailChange.link_purpose),
    ("token", "email_undos"): partial(crypto.link_token, EmailUndo.link_purpose),
}
"""How a record is named in an address where it is not by its id."""

NO_IDS: Mapping[str, str] = {
    "name": "a brand's stylesheet or a piece of scheduled work: no record of a customer or a tenant",
    "webhook-id": "a message's own number",
    "id": "the caller's own number of what happened",
    "revision": "a number within the article that is named before it",
    "event_id": "the caller's own number of what happened",
    "part": "a room whose public addresses a map of the site names",
    "ordinal": "which file of that map",
}
"""Names that look like ids of records and are none."""

GIVEN: Mapping[str, tuple[str, ...]] = {
    "name": ("sessions.remove-expired",),
    "revision": ("1",),
    "part": ("help",),
    "ordinal": ("1",),
}
"""What stands in an address in place of those."""

OPERATED = frozenset({"tenants", "users"})
"""Tables of other tenants whose rows the operator acts on."""

BEARERS: Mapping[str, str] = {"token": "a mailed link lets in whoever holds it, in its own tenant"}
"""Parameters that are the right itself: they are tried against other tenants only."""

BESIDE: Mapping[str, str] = {"kept_id": "merging is about two customers of one tenant"}
"""Parameters of an address that name a second record of its own, not a part of the first: of any customer for staff."""

WORDS: Mapping[str, str] = {
    "publish_at": (clock.now() + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M"),
    "email": "somebody-new@fresh.example.com",
    "password": "a long and quiet river 9",
    "new_password": "a long and quiet river 9",
    "reason": "Because it is asked for",
    "name": "Something new",
    "url": "https://receiver.example.com/hook",
    "amount": "1.00",
    "reference": "REF-1",
    "received_on": "2026-11-20",
    "slug": "something-new",
    "category": "shared-hosting",
    "percent": "10",
    "confirm_name": "{T1}",
    "currency": "USD",
}
"""What is typed into an empty field, by its name; `{T1}` is the short name of the first brand."""

TYPED: Mapping[str, str] = {
    "email": "somebody-new@fresh.example.com",
    "number": "1",
    "date": "2026-11-20",
    "url": "https://receiver.example.com/hook",
    "password": "a long and quiet river 9",
    "tel": "+44 20 7946 0001",
}
"""The same by the field's type."""

EXPECTED: Mapping[str, tuple[int, str]] = {
    "GET /terms": (404, "no terms are published in the brands of the check, so that nobody is asked to accept them"),
    "POST /admin/customers/<uuid:customer_id>/merging/<uuid:kept_id>": (
        422,
        "the name of the customer has to be typed",
    ),
    "POST /api/v1/customers/<uuid:customer_id>/merge": (409, "a customer is not merged into itself"),
    "POST /admin/privacy/customers/<uuid:customer_id>/erasures": (422, "the name of the customer has to be typed"),
}
"""Answers to own ids that are no success and still prove that the record was found."""

EXCEPTIONS: Mapping[str, str] = {}
"""Routes that are not tried, with the reason."""

OVERSEES: Mapping[str, str] = {
    "/admin/tenants": "the operator opens, suspends and closes brands here",
    "/admin/ops": "queues and schedules of the whole installation",
    "/metrics": "figures of the whole installation, without names",
}
"""Routes that show the operator what other tenants have, with the reason. Ordinary staff are tried as everywhere."""

MOVES: Mapping[str, str] = {
    "GET /metrics": "figures of the whole installation, without names",
    "GET /admin/ops": "queues and schedules of the whole installation",
}
"""Routes whose answers tell of the whole installation, so that they change when somebody else's rows do."""


def _one(column: Any, *conditions: Any) -> str:
    return str(db.session().scalars(sa.select(column).where(*conditions)).one())
