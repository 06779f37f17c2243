"""A worker process: it answers rings, sweeps for what nobody rang for, and keeps the schedule."""

import importlib
import os
import pkgutil
import threading
import time
from importlib.util import find_spec

from app import create_app, features
from app.config import Settings
from app.kernel import buffer, db, jobs, logs, outbox
from app.kernel.heartbeat import Heart
from app.kernel.listener import Listener
from app.kernel.timekeeper import Timekeeper
from app.running import children
from app.running.children import Ties

DRAIN_SECONDS = 25.0


def load_tasks() -> None:
    """Import every room's tasks, which registers its bells and schedules."""
    for room in pkgutil.iter_modules(features.__path__, "app.features."):
        if room.ispkg and find_spec(f"{room.name}.tasks") is not None:
            importlib.import_module(f"{room.name}.tasks")


def work(settings: Settings, ties: Ties) -> bool:
    """Work until told to stop; then finish what is in hand, within 25 seconds. True when all of it ended."""
    logs.configure()
    create_app(settings)
    load_tasks()
    _inherit(ties)
    told = threading.Event()
    children.on_stop(told.set)
    ties.watch()
    listener, timekeeper, heart = Listener(), Timekeeper(), Heart("worker")
    heart.start()
    timekeeper.start()
    listener.start()
    ties.tell_ready()
    logs.get("worker").info("working", bells=sorted(jobs.BELLS), pid=os.getpid())
    while not told.wait(10):
        listener.check()
    deadline = time.monotonic() + DRAIN_SECONDS
    jobs.stop()
    ended = listener.stop(deadline - time.monotonic())
    ended = timekeeper.stop(max(0.5, deadline - time.monotonic())) and ended
    buffer.close()
    jobs.close()
    heart.stop()
    db.dispose()
    logs.get("worker").info("ended", pid=os.getpid(), everything_in_hand=ended)
    return ended


def _inherit(ties: Ties) -> None:
    """Take back what predecessors had in hand when they were killed, instead of waiting for their leases to end."""
    if ties.identity is not None:
        outbox.bear(ties.identity)
    for dead in ties.after:
        freed = outbox.free(dead)
        logs.get("worker").warning("took over from a dead worker", rows=freed)
