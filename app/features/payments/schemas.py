"""Payments as JSON: what providers send."""

from typing import Annotated

from pydantic import AwareDatetime, ConfigDict, Field

from app.features.payments.callbacks import Told
from app.kernel.schemas import Answer, Body, Line, camel


class CallbackIn(Body):
    """What happened to a payment, as its provider tells it. Fields beyond these are kept and not read."""

    model_config = ConfigDict(extra="ignore", alias_generator=camel)

    id: Annotated[Line, Field(description="The provider's id of what happened: it counts once.", examples=["evt_1"])]
    type: Annotated[
        Line,
        Field(
            max_length=40,
            description="payment.succeeded, payment.failed, payment.refunded or dispute.opened.",
            examples=["payment.succeeded"],
        ),
    ]
    invoice: Annotated[Line, Field(description="Number or id.", examples=["MP-2026-000001"])]
    amount: Annotated[Line, Field(max_length=40, description="In major units, as text.", examples=["9.99"])]
    currency: Annotated[Line, Field(max_length=10, examples=["USD"])]
    reference: Annotated[Line, Field(description="The payment: it pays once.", examples=["pi_1"])]
    occurred_at: Annotated[AwareDatetime, Field(examples=["2026-11-20T13:22:00Z"])]

    @property
    def told(self) -> Told:
        """The same as `callbacks` takes it."""
        return Told(
            event_id=self.id,
            kind=self.type,
            invoice=self.invoice,
            amount=self.amount,
            currency=self.currency,
            reference=self.reference,
            occurred_at=self.occurred_at,
        )


class ReceivedOut(Answer):
    """It was stored, now or before."""

    received: bool = True
