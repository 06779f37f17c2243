"""What a delivery bears so that the receiver can tell it is ours: Standard Webhooks, and the panel's own header."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook as Signer


def signatures(secrets: Sequence[str], message_id: str, moment: datetime, body: str) -> dict[str, str]:
    """The headers that prove `body`, signed with every secret that is valid now, the newest first.

    `webhook-signature` follows the Standard Webhooks specification. The header
    `X-MPanel-Signature` is the HMAC-SHA-256 of `timestamp.body` with the newest
    secret's text (`whsec_...` and all) as key, in hex.
    """
    timestamp = str(int(moment.timestamp()))
    plain = hmac.new(secrets[0].encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(Signer(one).sign(message_id, moment, body) for one in secrets),
        "x-mpanel-signature": f"sha256={plain}",
    }
