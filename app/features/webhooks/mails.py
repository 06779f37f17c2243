"""The mail of this room, handed to messages: an endpoint was switched off."""

from urllib.parse import urlsplit

from app.features.messages.kinds import KINDS, Facts, Kind
from app.features.messages.models import EmailMessage
from app.features.tenants import service as tenants
from app.features.webhooks.models import Webhook
from app.kernel import db, words

DISABLED = "webhook_disabled"


def _facts(message: EmailMessage) -> Facts:
    """What is known of the endpoint `subject_id`. Of its address only the host: the rest may be a secret."""
    webhook = db.session().get_one(Webhook, message.subject_id)
    tenant = tenants.current()
    since = webhook.failing_since
    return {
        "endpoint": webhook.name,
        "host": urlsplit(webhook.url).netloc,
        "is_gone": webhook.disabled_reason == "gone",
        "since": words.day(since, tenant.time_zone) if since is not None else "",
        "endpoint_url": f"{tenants.base_url(tenant)}/admin/integrations/webhooks/{webhook.id}",
    }


KINDS[DISABLED] = Kind("Webhook switched off", "An endpoint took nothing any more", facts=_facts)
