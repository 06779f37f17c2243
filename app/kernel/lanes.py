"""Waiting work for many receivers, of whom none may delay another.

An outbox table with `outbox_lane` (the column that names the receiver, first in
`outbox_order`) is seen to by many hands at once. Receivers that were quick of
late get several hands, any other one gets one; and all of those others
together never hold so many that none is left for the quick, nor those of one
tenant so many that none is left for another tenant's.
"""

import heapq
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import ceil
from typing import Any, cast
from uuid import UUID

from app.kernel import clock, db, jobs, leases, logs, outbox, tenancy
from app.kernel.outbox import Claimed, OutboxMixin

QUICK_SECONDS = 2.0
"""A receiver whose last exchange took less is quick."""
AHEAD_SECONDS = 60.0
"""Known work that comes due within so long is waited for; the sweep finds the rest."""
SHARE = 0.75
"""Of the hands for slow receivers that other tenants leave, so much one tenant may have."""
BATCH = 5
"""Rows that one hand takes at once for a quick receiver."""
MOST_KNOWN = 10_000

_log = logs.get("lanes")


class Lanes:
    """Hands that see to one table. At most `hands` rows are in hand at once in a process."""

    def __init__(
        self,
        model: type[OutboxMixin],
        deliver: Callable[[Claimed], None],
        *,
        hands: int = 64,
        most_slow: int = 40,
        for_quick: int = 2,
        lease_seconds: Callable[[], float],
        most_attempts: int,
    ) -> None:
        self._model, self._deliver = model, deliver
        self._most_hands, self._most_slow, self._for_quick = hands, most_slow, for_quick
        self._lease_seconds, self._most_attempts = lease_seconds, most_attempts
        self._pool: ThreadPoolExecutor | None = None
        self._lead = threading.Lock()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._busy: Counter[UUID] = Counter()
        self._tenants: dict[UUID, UUID] = {}
        """Whose the receivers are that are seen to."""
        self._quick: set[UUID] = set()
        self._reminders: list[float] = []

    def run(self) -> None:
        """See to what is due until nothing is, nor will be soon. One thread leads; others that come wake it and go."""
        self._wake.set()
        while self._wake.is_set() and self._lead.acquire(blocking=False):  # again, if woken while it was about to end
            try:
                self._lead_on()
            finally:
                self._lead.release()

    def remind(self, seconds: float) -> None:
        """Something comes due in so many seconds."""
        if seconds <= AHEAD_SECONDS:
            with self._lock:
                heapq.heappush(self._reminders, time.monotonic() + seconds)
            self._wake.set()

    def _lead_on(self) -> None:
        while True:
            self._wake.clear()
            begun = 0 if jobs.stopping() else self._fill()
            with self._lock:
                is_idle = not self._busy
                pause = self._pause()
            if is_idle and not begun and (pause is None or jobs.stopping()):
                return
            self._wake.wait(min(pause if pause is not None else jobs.SWEEP_SECONDS, jobs.SWEEP_SECONDS))

    def _pause(self) -> float | None:
        """Until the next reminder; None when there is none."""
        now = time.monotonic()
        while self._reminders and self._reminders[0] <= now:
            heapq.heappop(self._reminders)
        return max(0.01, self._reminders[0] - now) if self._reminders else None

    def _fill(self) -> int:
        """Give every free hand something to do, as far as there is; the number of hands."""
        begun = 0
        for lane, tenant_id in self._due():
            for _ in range(self._room(lane, tenant_id)):
                is_quick = lane in self._quick
                rows = outbox.claim(
                    self._model, limit=BATCH if is_quick else 1, lease_seconds=self._lease_seconds(), lane=lane
                )
                if not rows:
                    break
                self._hand_out(lane, rows)
                begun += 1
        return begun

    def _due(self) -> list[tuple[UUID, UUID]]:
        """Receivers and their tenants, the quick ones first."""
        with tenancy.across_tenants("sweep"), db.transaction(write=False) as session:
            found = session.execute(leases.due_lanes(cast(Any, self._model)), {"due_at": clock.now()})
            lanes = [(lane, tenant_id) for lane, tenant_id in found]
        return sorted(lanes, key=lambda one: one[0] not in self._quick)

    def _room(self, lane: UUID, tenant_id: UUID) -> int:
        """How many hands more this receiver may have."""
        with self._lock:
            free = self._most_hands - sum(self._busy.values())
            if lane in self._quick:
                return max(0, min(free, self._for_quick - self._busy[lane]))
            slow: Counter[UUID] = Counter()
            for other, count in self._busy.items():
                if other not in self._quick:
                    slow[self._tenants[other]] += count
            left = self._most_slow - (slow.total() - slow[tenant_id])
            return max(0, min(free, ceil(left * SHARE) - slow[tenant_id], 1 - self._busy[lane]))

    def _hand_out(self, lane: UUID, rows: list[Claimed]) -> None:
        with self._lock:
            self._busy[lane] += 1
            self._tenants[lane] = rows[0].tenant_id
        if self._pool is None:
            name = cast(Any, self._model).__tablename__
            self._pool = ThreadPoolExecutor(self._most_hands, thread_name_prefix=name)
        self._pool.submit(self._see_to, lane, rows)

    def _see_to(self, lane: UUID, rows: list[Claimed]) -> None:
        slowest = 0.0
        try:
            for row in rows:
                began = time.monotonic()
                self._see_to_one(row, gives_up=slowest > QUICK_SECONDS)
                slowest = max(slowest, time.monotonic() - began)
        except Exception as problem:
            _log.exception("a hand was lost", error=type(problem).__name__)
        finally:
            self._put_down(lane, is_quick=slowest < QUICK_SECONDS)

    def _see_to_one(self, row: Claimed, *, gives_up: bool) -> None:
        """`gives_up`: the receiver has become slow; what is left of the batch goes back."""
        with tenancy.as_tenant(row.tenant_id):
            outbox.see_to(
                row, self._deliver, self._lease_seconds(), self._most_attempts, lambda: gives_up or jobs.stopping()
            )

    def _put_down(self, lane: UUID, *, is_quick: bool) -> None:
        with self._lock:
            self._busy[lane] -= 1
            if self._busy[lane] <= 0:
                del self._busy[lane], self._tenants[lane]
            if len(self._quick) >= MOST_KNOWN:
                self._quick.clear()
            (self._quick.add if is_quick else self._quick.discard)(lane)
        self._wake.set()
