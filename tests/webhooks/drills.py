"""R-09, R-12 and R-14, in a short and a long form."""

import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import sqlalchemy as sa

from app.features.accounts.events import CustomerUpdated
from app.features.tenants import service as tenants
from app.features.webhooks import deliveries, service, tasks
from app.features.webhooks.models import WebhookDelivery
from app.kernel import db, jobs, tenancy
from app.kernel.ids import new_id
from tests.support.receiver import Receiver

KINDS = {"ok": 25, "hang": 10, "drip": 5, "big": 5, "reset": 5}
"""What 50 endpoints do."""


def make_tenant(slug: str = "operator") -> UUID:
    """A house in a store of its own; the operator's, or another."""
    with tenancy.across_tenants("operator"), db.transaction():
        found = tenants.create("Harbourline", slug=slug, is_operator=slug == "operator")
    return found.id


def make_endpoints(tenant_id: UUID, receiver: Receiver) -> int:
    """Fifty endpoints of all kinds, mixed; the number of healthy ones."""
    paths = [f"/{kind}/{number}" for kind, count in KINDS.items() for number in range(count)]
    random.Random(7).shuffle(paths)
    with tenancy.as_tenant(tenant_id), db.transaction():
        for path in paths:
            _webhook, receiver.secrets[path] = service.create(path, f"{receiver.url}{path}")
    return KINDS["ok"]


@contextmanager
def hands_at_work() -> Iterator[None]:
    """What the worker does with the bell, in a thread; ends when told to stop."""
    ended = threading.Event()

    def sweep() -> None:
        while not jobs.stopping():
            tasks.deliver()
            jobs.wait_for_stop(0.1)
        ended.set()

    jobs._stop.clear()
    thread = threading.Thread(target=sweep)
    thread.start()
    try:
        yield
    finally:
        jobs.stop()
        thread.join()
        jobs._stop.clear()
    assert ended.is_set()


def happen(tenant_id: UUID, count: int) -> dict[str, float]:
    """Let it happen so often; when each was committed, by what receivers know it by."""
    committed = {}
    for _ in range(count):
        event = CustomerUpdated(new_id(), ["city"])
        with tenancy.as_tenant(tenant_id), db.transaction():
            deliveries.fan_out(event)
        committed[str(event.customer_id)] = time.perf_counter()
        tasks.LANES._wake.set()  # the bell, without the queue
    return committed


def waits_of(receiver: Receiver, committed: dict[str, float]) -> list[float]:
    """Seconds between commit and arrival, of the healthy ones' deliveries."""
    healthy = [told for told in list(receiver.told) if told.path.startswith("/ok/")]
    return sorted(told.tick - committed[told.data["customerId"]] for told in healthy)


def percentile(waits: list[float], share: float) -> float:
    """The value below which so many are."""
    return statistics.quantiles(waits, n=100)[int(share) - 1]


def left(tenant_id: UUID) -> Counter[str]:
    """Deliveries by state."""
    with tenancy.as_tenant(tenant_id), db.transaction(write=False) as session:
        return Counter(session.scalars(sa.select(WebhookDelivery.state)))
