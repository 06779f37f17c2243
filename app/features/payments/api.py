"""`/api/v1/billing/webhooks`: where providers of payments call back."""

from flask import request

from app.features.payments import callbacks
from app.features.payments.callbacks import BadSignature
from app.features.payments.schemas import CallbackIn, ReceivedOut
from app.kernel import aftermath
from app.kernel.access import signed
from app.kernel.api import ApiRoutes

routes = ApiRoutes("payments", prefix="/api/v1/billing/webhooks", tag="Payments")


@routes.post("/generic", errors=(BadSignature,), largest=64 * 1024)
@signed(limits=("600/minute",))
def generic(body: CallbackIn) -> ReceivedOut:
    """Tell what happened to a payment.

    Signed as Standard Webhooks says (`webhook-id`, `webhook-timestamp`, `webhook-signature: v1,...`) with the secret
    that stands at /admin/settings. Stored first, carried out once, in any order and however often it is repeated.
    What does not fit its invoice is stored and flagged, and pays nothing.
    """
    raw = request.get_data()
    callbacks.check_signature(raw, dict(request.headers))
    left = callbacks.store(raw, body.told)
    if left is not None:
        aftermath.later(lambda: callbacks.carry_out(left))
    return ReceivedOut()
