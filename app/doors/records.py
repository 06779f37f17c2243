"""Which records have a page for staff, and by which name each is known. Other records of the log are called by kind."""

import sqlalchemy as sa

from app.features.accounts.models import Customer, User
from app.features.api_keys.models import ApiKey
from app.features.billing.models import Invoice
from app.features.catalogue.models import Product, PromoCode
from app.features.files.models import StoredFile
from app.features.messages.models import EmailMessage
from app.features.orders.models import Order
from app.features.payments.models import Payment, PaymentCallback
from app.features.provisioning.models import ProvisioningJob
from app.features.subscriptions.models import Subscription
from app.features.webhooks.models import Webhook, WebhookDelivery
from app.kernel.access import Role
from app.kernel.known import Kind

_PERSON = sa.func.coalesce(sa.func.nullif(sa.func.trim(User.first_name + " " + User.last_name), ""), User.email)

_TITLE = sa.func.coalesce(sa.func.nullif(Customer.company, ""), Customer.name)
_NUMBER = sa.func.coalesce(Invoice.number, "draft")
_ENDPOINTS = "/admin/integrations/webhooks"

KINDS = {
    "api_key": Kind("API key", ApiKey, ApiKey.name, "/admin/api-keys/{}", role=Role.ADMIN),
    "customer": Kind("Customer", Customer, _TITLE, "/admin/customers/{}"),
    "file": Kind("Picture", StoredFile, StoredFile.name, "/files/{}/picture"),
    "invoice": Kind("Invoice", Invoice, _NUMBER, "/admin/billing/{}", role=Role.BILLING),
    "message": Kind("Message", EmailMessage, EmailMessage.subject_line, "/admin/messages/{}", role=Role.MEMBER),
    "order": Kind("Order", Order, Order.number, "/admin/orders/{}", role=Role.BILLING),
    "payment": Kind("Payment", Payment, Payment.reference, "/admin/payments/{}", role=Role.BILLING),
    "payment_callback": Kind(
        "Callback", PaymentCallback, PaymentCallback.reference, "/admin/payments/callbacks/{}", role=Role.BILLING
    ),
    "product": Kind("Product", Product, Product.name, "/admin/products/{}", role=Role.BILLING),
    "promo_code": Kind("Promo code", PromoCode, PromoCode.code, "/admin/promo-codes/{}", role=Role.BILLING),
    "provisioning_job": Kind(
        "Set-up task", ProvisioningJob, ProvisioningJob.kind, "/admin/provisioning/{}", role=Role.MEMBER
    ),
    "session": Kind("Sign-in"),
    "subscription": Kind("Service", Subscription, Subscription.plan_name, "/admin/subscriptions/{}"),
    "tenant": Kind("Tenant"),
    "user": Kind(
        "Person",
        User,
        _PERSON,
        "/admin/customers/{}",
        page_of=User.customer_id,
        more_pages=("/admin/staff/{}", "/admin/customers/[^/]+/people/{}"),
    ),
    "webhook": Kind("Endpoint", Webhook, Webhook.name, _ENDPOINTS + "/{}", role=Role.ADMIN),
    "webhook_delivery": Kind(
        "Delivery", WebhookDelivery, WebhookDelivery.event, _ENDPOINTS + "/deliveries/{}", role=Role.ADMIN
    ),
}
