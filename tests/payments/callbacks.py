"""A provider of payments, as the panel meets it."""

import json
from datetime import timedelta
from typing import Any

from standardwebhooks import Webhook

from app.features.billing.models import Invoice
from app.features.tenants import service as tenants
from app.kernel import clock

URL = "/api/v1/billing/webhooks/generic"


def event(invoice: Invoice, /, **changes: Any) -> dict[str, Any]:
    """What a provider would tell of a payment of all that `invoice` asks for."""
    told = {
        "id": "evt_1",
        "type": "payment.succeeded",
        "invoice": invoice.number,
        "amount": str(invoice.total.major),
        "currency": invoice.currency,
        "reference": "pi_1",
        "occurredAt": "2026-11-20T13:00:00Z",
    }
    return {name: value for name, value in {**told, **changes}.items() if value is not ...}


def signed(body: bytes, *, secret: str | None = None, age: int = 0, identity: str = "msg_1") -> dict[str, str]:
    """The headers of `body`, signed `age` seconds ago with the tenant's secret or another."""
    at = clock.now() - timedelta(seconds=age)
    key = secret or tenants.callback_secret()
    return {
        "Content-Type": "application/json",
        "webhook-id": identity,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(key).sign(identity, at, body.decode()),
    }


def tell(client: Any, told: dict[str, Any], **how: Any) -> Any:
    """Call back."""
    body = json.dumps(told).encode()
    return client.post(URL, data=body, headers=signed(body, **how), csrf=False)
