"""What the marketing site sends and gets about services of its customers."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.features.catalogue.cycles import CYCLES
from app.features.marketing.schemas import Origin, PaymentIn
from app.features.orders.service import Placed
from app.features.subscriptions.service import Service
from app.kernel.schemas import Answer, Body, Line, MoneyOut, camel


class ProvisionIn(Body, alias_generator=camel):
    """A further service for somebody who is a customer already."""

    customer_id: UUID
    plan_id: Annotated[Line, Field(max_length=100, description="Slug or id.", examples=["shared-business"])]
    billing_cycle: Annotated[
        Line, Field(max_length=20, description=f"One of {', '.join(CYCLES)}.", examples=["oneYear"])
    ]
    promo_code: Annotated[Origin | None, Field(examples=["WELCOME20"])] = None
    payment: Annotated[
        PaymentIn | None, Field(description="Absent: the order waits for payment, unless the key collects payments.")
    ] = None


class ProvisionOut(Answer, alias_generator=camel):
    """What was made."""

    customer_id: UUID
    order_id: UUID
    subscription_id: UUID
    invoice_id: UUID
    status: Annotated[str, Field(description="Of the subscription: pending until it is paid, then active.")]

    @classmethod
    def of(cls, placed: Placed) -> "ProvisionOut":
        """`placed`, as it goes out."""
        return cls(
            customer_id=placed.order.customer_id,
            order_id=placed.order.id,
            subscription_id=placed.subscription.id,
            invoice_id=placed.invoice.id,
            status=placed.subscription.status,
        )


class ServiceRecordOut(Answer):
    """One service, as the site needs it beside its offers."""

    id: UUID
    customer_id: UUID
    plan_id: UUID
    plan_slug: str
    plan_name: str
    status: str
    provisioning: Annotated[
        Literal["waiting", "setting_up", "ready", "ended"], Field(description="Whether it can be used.")
    ]
    billing_cycle: str
    price: MoneyOut
    period_start: datetime | None
    period_end: datetime | None
    set_up_at: datetime | None
    ends_at: datetime | None
    auto_renew: bool
    storage_gb: int
    bandwidth_gb: Annotated[int, Field(description="A month; -1 = unlimited.")]
    websites: int
    mailboxes: int
    created_at: datetime

    @classmethod
    def of(cls, found: Service) -> "ServiceRecordOut":
        """`found`, as it goes out."""
        one, product = found.subscription, found.product
        return cls(
            id=one.id,
            customer_id=one.customer_id,
            plan_id=product.id,
            plan_slug=product.slug,
            plan_name=one.plan_name,
            status=one.status,
            provisioning=_stage(found),
            billing_cycle=one.cycle,
            price=MoneyOut.of(one.price),
            period_start=one.period_start,
            period_end=one.period_end,
            set_up_at=one.set_up_at,
            ends_at=one.ends_at,
            auto_renew=one.auto_renew,
            storage_gb=product.storage_gb,
            bandwidth_gb=product.bandwidth_gb,
            websites=product.websites,
            mailboxes=product.mailboxes,
            created_at=one.created_at,
        )


def _stage(found: Service) -> Literal["waiting", "setting_up", "ready", "ended"]:
    one = found.subscription
    if one.ended_at is not None:
        return "ended"
    if one.status == "pending":
        return "waiting"
    return "ready" if one.set_up_at is not None else "setting_up"
