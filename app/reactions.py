"""What happens elsewhere because of each event: the only page where rooms meet.

Reactions run in the transaction of what happened and only insert rows; what is
slow is done by the worker. Every event stands in the audit log besides.
"""

from app.features.accounts.events import (
    CustomerClosed,
    CustomerSignedUp,
    EmailChanged,
    EmailChangeRequested,
    EmailChangeUndone,
    PasswordChanged,
    PasswordLinkRequested,
    SignUpRequested,
    UserDeactivated,
    UserRemoved,
    UserRoleChanged,
)
from app.features.audit import service as audit
from app.features.billing.events import InvoiceIssued, InvoicePaid, InvoiceVoided
from app.features.dashboard import service as figures
from app.features.messages import access, receipts, services
from app.features.messages import service as messages
from app.features.orders import cancelling
from app.features.orders import service as orders
from app.features.orders.events import CustomerCreated, OrderCreated
from app.features.payments.events import PaymentRefunded, PaymentSucceeded
from app.features.people import service as people
from app.features.people.events import InvitationResent, UserInvited
from app.features.provisioning import wishes as provisioning
from app.features.provisioning.events import ServiceFailed, ServiceProvisioned, ServiceStuck
from app.features.sessions import endings as sessions
from app.features.subscriptions.events import (
    SubscriptionActivated,
    SubscriptionDowngraded,
    SubscriptionResumed,
    SubscriptionSuspended,
    SubscriptionTerminated,
    SubscriptionUpgraded,
)
from app.features.webhooks import deliveries as webhooks
from app.kernel import events
from app.kernel.events import Reactions

REACTIONS: Reactions = {
    CustomerSignedUp: (orders.on_signed_up,),
    CustomerCreated: (messages.welcome, figures.on_customer_created),
    InvoiceIssued: (figures.on_invoice_issued,),
    OrderCreated: (figures.on_order_created,),
    PaymentRefunded: (figures.on_payment_refunded,),
    PaymentSucceeded: (receipts.payment_received, figures.on_payment_succeeded),
    PasswordChanged: (access.password_changed,),
    PasswordLinkRequested: (access.password_link,),
    EmailChangeRequested: (access.email_change_requested,),
    EmailChanged: (access.email_changed,),
    EmailChangeUndone: (sessions.on_access_changed,),
    CustomerClosed: (sessions.on_customer_closed, people.on_customer_closed),
    SignUpRequested: (access.sign_up_requested,),
    InvoicePaid: (orders.on_invoice_paid,),
    InvoiceVoided: (cancelling.on_invoice_voided,),
    SubscriptionActivated: (provisioning.on_activated, figures.on_subscription),
    SubscriptionDowngraded: (provisioning.on_switched, figures.on_subscription),
    SubscriptionResumed: (provisioning.on_resumed, figures.on_subscription),
    SubscriptionSuspended: (provisioning.on_suspended, services.service_suspended, figures.on_subscription),
    SubscriptionTerminated: (provisioning.on_terminated, services.service_ended, figures.on_subscription),
    SubscriptionUpgraded: (provisioning.on_switched, figures.on_subscription),
    UserInvited: (access.invited,),
    InvitationResent: (access.invited,),
    UserRoleChanged: (sessions.on_access_changed, access.role_changed),
    UserDeactivated: (sessions.on_access_changed,),
    UserRemoved: (sessions.on_access_changed,),
    ServiceProvisioned: (services.service_ready,),
    ServiceStuck: (services.task_stuck,),
    ServiceFailed: (services.task_failed,),
}


def wire() -> None:
    """Make these the reactions of this process."""
    events.wire(REACTIONS, always=(audit.on_event, webhooks.fan_out))
