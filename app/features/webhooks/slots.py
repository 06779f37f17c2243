"""What webhooks add to pages of the top storey."""

import sqlalchemy as sa

from app.features.webhooks.deliveries import Health as WebhookHealth
from app.features.webhooks.deliveries import health
from app.features.webhooks.models import Webhook
from app.kernel import db
from app.kernel.access import Role
from app.kernel.slots import Hit

__all__ = ["WebhookHealth", "health", "search"]


def search(text: str, *, role: Role, limit: int = 5) -> list[Hit]:
    """Endpoints by a part of their name. A tenant has a hundred at most."""
    wanted = text.strip()
    if role < Role.ADMIN or not wanted:
        return []
    found = sa.select(Webhook.id, Webhook.name, Webhook.disabled_at).where(
        Webhook.deleted_at.is_(None), Webhook.name.icontains(wanted, autoescape=True)
    )
    return [
        Hit(
            "Webhooks", name, "off" if disabled_at else "on", f"/admin/integrations/webhooks/{row_id}", "plug-connected"
        )
        for row_id, name, disabled_at in db.session().execute(found.order_by(Webhook.name).limit(limit))
    ]
