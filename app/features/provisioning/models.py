"""What is to be done on machines, the steps of it, and the access to what was set up."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.outbox import OutboxMixin
from app.kernel.tenancy import TenantRecord, tenant_key

ACTIVATE, SUSPEND, RESUME, UPGRADE, TERMINATE = KINDS = (
    "subscription.activate",
    "subscription.suspend",
    "subscription.resume",
    "subscription.upgrade",
    "subscription.terminate",
)
STEP_STATES = ("next", "now", "done", "failed")

_OPEN = sa.text("state <> 'done'")


class ProvisioningJob(TenantRecord, OutboxMixin):
    """One change of one service, done by a driver step by step.

    `kept` is what waits for a person to do it by hand, `dead` what was given up
    until somebody tries again, `done` what is over: `cancelled_at` tells what
    was not needed any more. Those of one subscription follow one another by
    `ordinal`.
    """

    __tablename__ = "provisioning_jobs"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "dedupe_key"),
        sa.CheckConstraint(f"kind IN {KINDS!r}", name="kind"),
        sa.CheckConstraint("cancelled_at IS NULL OR state = 'done'", name="cancelled"),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name="done"),
        sa.CheckConstraint("(assigned_to IS NULL) = (assigned_at IS NULL)", name="assigned"),
        sa.Index("ix_provisioning_jobs_newest", "tenant_id", "created_at", "id"),
        sa.Index("ix_provisioning_jobs_state", "tenant_id", "state", "created_at", "id"),
        sa.Index("ix_provisioning_jobs_order", "tenant_id", "subscription_id", "ordinal"),
        sa.Index("ix_provisioning_jobs_customer", "tenant_id", "customer_id", "created_at", "id"),
        sa.Index("ix_provisioning_jobs_open", "tenant_id", "moved_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
    )
    outbox_order: ClassVar[tuple[str, ...]] = ("next_at",)

    subscription_id: Mapped[UUID] = tenant_key("subscriptions", index=False)
    customer_id: Mapped[UUID] = tenant_key("customers", index=False)
    kind: Mapped[str]
    ordinal: Mapped[int]
    """The subscription's revision that it follows from."""
    driver: Mapped[str]
    plan: Mapped[str]
    """The slug of the product."""
    reason: Mapped[str] = mapped_column(default="")
    """Why, where somebody said it: of a suspension, of an end."""
    previous_plan: Mapped[str] = mapped_column(default="")
    dedupe_key: Mapped[str]
    instructions: Mapped[str] = mapped_column(default="")
    """What a person is to do, as the driver wrote it down."""
    assigned_to: Mapped[UUID | None] = tenant_key("users", nullable=True)
    assigned_at: Mapped[datetime | None]
    moved_at: Mapped[datetime]
    """Since when it stands as it stands: what is stuck is told by this."""
    done_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(default="")
    failed_at: Mapped[datetime | None]
    """When it was last told that it was given up."""
    alarmed_at: Mapped[datetime | None]
    """When staff were told that it is stuck: once."""

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state != "done"

    @property
    def is_task(self) -> bool:
        """Whether it waits for a person."""
        return self.state == "kept"


class ProvisioningStep(TenantRecord):
    """One named step of a job. It is done once; until then it may be begun again."""

    __tablename__ = "provisioning_steps"
    __table_args__ = (
        sa.UniqueConstraint("tenant_id", "job_id", "name"),
        sa.UniqueConstraint("tenant_id", "job_id", "position"),
        sa.CheckConstraint(f"state IN {STEP_STATES!r}", name="state"),
        sa.CheckConstraint("state NOT IN ('done', 'failed') OR finished_at IS NOT NULL", name="finished"),
    )

    job_id: Mapped[UUID] = tenant_key("provisioning_jobs", index=False)
    position: Mapped[int]
    name: Mapped[str]
    state: Mapped[str] = mapped_column(default="next")
    tries: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")
    """What came of it, for staff; never a secret."""


class ServiceAccess(TenantRecord):
    """How a customer gets into what was set up: sealed, and opened only when somebody asks."""

    __tablename__ = "service_accesses"
    __table_args__ = (sa.UniqueConstraint("tenant_id", "subscription_id"),)

    subscription_id: Mapped[UUID] = tenant_key("subscriptions", index=False)
    sealed: Mapped[bytes]
    set_at: Mapped[datetime]
    set_by: Mapped[UUID | None] = tenant_key("users", nullable=True)
