"""`/admin/...`: staff."""

from flask import Flask

from app.doors.records import KINDS
from app.features.accounts import admin as accounts
from app.features.accounts import admin_by_hand as by_hand
from app.features.accounts import admin_profile as own_profile
from app.features.accounts import admin_sign_up as sign_up
from app.features.api_keys import admin as api_keys
from app.features.audit import admin as audit
from app.features.audit import admin_exports as audit_exports
from app.features.billing import admin as billing
from app.features.blog import admin as blog
from app.features.blog import admin_categories as blog_categories
from app.features.blog import admin_editor as blog_editor
from app.features.catalogue import admin as products
from app.features.catalogue import admin_promos as promos
from app.features.dashboard import admin as dashboard
from app.features.files import admin as files
from app.features.kb import admin as kb
from app.features.kb import admin_desk as kb_desk
from app.features.kb import admin_figures as kb_figures
from app.features.kb import admin_steps as kb_steps
from app.features.kb import admin_topics as kb_topics
from app.features.kb import admin_versions as kb_versions
from app.features.merging import admin as merging
from app.features.messages import admin as messages
from app.features.messages import admin_settings as mail_settings
from app.features.operator import admin as operator
from app.features.ops import admin as ops
from app.features.orders import admin as orders
from app.features.payments import admin as payments
from app.features.payments import admin_callbacks as payment_callbacks
from app.features.people import admin as people
from app.features.people import admin_customers as customer_people
from app.features.privacy import admin as privacy
from app.features.provisioning import admin as provisioning
from app.features.provisioning import admin_subscriptions as provisioning_subscriptions
from app.features.sessions import admin as sessions
from app.features.sessions import admin_impersonations as impersonations
from app.features.subscriptions import admin as subscriptions
from app.features.tenants import admin as tenants
from app.features.testimonials import admin as testimonials
from app.features.webhooks import admin as webhooks
from app.features.webhooks import admin_deliveries as webhook_deliveries
from app.kernel import known

ROOMS = (
    dashboard.routes,
    accounts.routes,
    sign_up.routes,
    own_profile.routes,
    by_hand.routes,
    kb.routes,
    kb_desk.routes,
    kb_figures.routes,
    kb_steps.routes,
    kb_topics.routes,
    kb_versions.routes,
    merging.routes,
    messages.routes,
    people.routes,
    customer_people.routes,
    api_keys.routes,
    audit.routes,
    audit_exports.routes,
    ops.routes,
    operator.routes,
    privacy.routes,
    sessions.routes,
    impersonations.routes,
    tenants.routes,
    mail_settings.routes,
    files.routes,
    products.routes,
    promos.routes,
    orders.routes,
    billing.routes,
    payments.routes,
    payment_callbacks.routes,
    subscriptions.routes,
    webhooks.routes,
    webhook_deliveries.routes,
    provisioning.routes,
    provisioning_subscriptions.routes,
    blog.routes,
    blog_categories.routes,
    blog_editor.routes,
    testimonials.routes,
)


def open_on(app: Flask) -> None:
    """Mount this door's rooms, and say by which names they know the records of each other."""
    known.wire(KINDS)
    for routes in ROOMS:
        app.register_blueprint(routes)
