"""How customers' lives go: when they come, pay, go on, forget to pay, leave. The same each time for one seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.demo.acts import PROMO, Kind, period_end
from app.features.orders.cancelling import PATIENCE

YEARS = 4
"""How long ago the first of them came."""
SEASONS = (1.0, 0.9, 0.9, 0.8, 0.75, 0.7, 0.55, 0.55, 0.95, 1.0, 0.95, 0.7)
"""How busy each month is."""
PLANS = (("shared-starter", 42), ("shared-business", 33), ("shared-professional", 17), ("shared-enterprise", 8))
CYCLES = (("monthly", 60), ("quarterly", 14), ("oneYear", 26))
GATEWAYS = (("stripe", 55), ("bank", 25), ("external", 15), ("sandbox", 5))
PROMO_SHARE = 0.22
NEVER_PAYS = {"stripe": 0.02, "bank": 0.07, "external": 0.0, "sandbox": 0.0}
"""How many order and never pay for it."""
LEAVES = {"monthly": 0.018, "quarterly": 0.03, "oneYear": 0.09}
"""How many of those whose period ends do not want another one."""
FORGETS = {"monthly": 0.006, "quarterly": 0.01, "oneYear": 0.03}
"""How many do not pay for the next period at all."""
NOTICE = timedelta(days=14)
"""How long before the end of a period the next one is asked for."""
SUSPENDED_AFTER, TERMINATED_AFTER = timedelta(days=7), timedelta(days=30)
LEFT_LYING = 0.25
"""Which part of what was paid in the last days still waits to be set up."""
LATELY = timedelta(days=3)


@dataclass(frozen=True)
class Event:
    """One act of a life."""

    act: str
    at: datetime


@dataclass(frozen=True)
class Course:
    """A life as it is to be written."""

    number: int
    kind: Kind
    gateway: str
    events: tuple[Event, ...]


def course(number: int, *, seed: int, now: datetime, is_company: bool, may_use_promo: bool) -> Course:
    """The life of customer `number`, until `now`."""
    chance = random.Random(f"{seed}/{number}")
    kind = Kind(
        plan=_weighed(chance, PLANS),
        cycle=_weighed(chance, CYCLES),
        promo_code=PROMO if chance.random() < PROMO_SHARE and may_use_promo else None,
        is_company=is_company,
    )
    gateway = _weighed(chance, GATEWAYS)
    events = [event for event in _live(chance, kind, gateway, _arrival(chance, now), now) if event.at <= now]
    return Course(number, kind, gateway, tuple(events))


def _weighed(chance: random.Random, choices: tuple[tuple[str, int], ...]) -> str:
    return chance.choices([name for name, _ in choices], [weight for _, weight in choices])[0]


def _arrival(chance: random.Random, now: datetime) -> datetime:
    """More come each year, fewer in summer and at week-ends, most of them by day."""
    while True:
        back = timedelta(days=365.25 * YEARS) * (1 - chance.random() ** 0.62)
        day = (now - back).replace(hour=0, minute=0, second=0, microsecond=0)
        busy = SEASONS[day.month - 1] * (0.55 if day.weekday() >= 5 else 1.0)
        found: datetime = day + timedelta(hours=chance.triangular(0, 24, 13), microseconds=chance.randrange(10**6))
        if chance.random() < busy and found < now - timedelta(minutes=5):
            return found


def _live(chance: random.Random, kind: Kind, gateway: str, came: datetime, now: datetime) -> Iterator[Event]:
    yield Event("sign_up", came)
    if chance.random() < NEVER_PAYS[gateway]:
        yield Event("lapse", came + PATIENCE + timedelta(minutes=chance.randrange(1, 60)))
        return
    paid = came + _delay(chance, gateway)
    yield Event("pay", paid)
    yield Event("wait", paid + timedelta(seconds=2))
    if paid > now - LATELY and chance.random() < LEFT_LYING:
        return
    yield Event("set_up", paid + timedelta(minutes=chance.triangular(4, 1500, 40)))
    start, end = paid, period_end(kind.cycle, paid)
    while end - NOTICE < now:
        if chance.random() < LEAVES[kind.cycle]:
            yield from _leave(chance, start, end)
            return
        issued = end - NOTICE + timedelta(minutes=chance.randrange(60))
        yield Event("issue_renewal", issued)
        if chance.random() < FORGETS[kind.cycle]:
            yield from _forget(chance, end)
            return
        charged = end + timedelta(minutes=chance.randrange(5, 50))
        yield Event("pay_renewal", charged if gateway == "stripe" else issued + _delay(chance, gateway))
        start, end = end, period_end(kind.cycle, end)


def _delay(chance: random.Random, gateway: str) -> timedelta:
    """How long it takes somebody to pay."""
    if gateway == "bank":
        return timedelta(days=chance.triangular(0.4, 13.5, 3))
    return timedelta(seconds=chance.triangular(20, 3600, 90))


def _leave(chance: random.Random, start: datetime, end: datetime) -> Iterator[Event]:
    notice = min(timedelta(days=chance.uniform(15, 25)), (end - start) / 2)
    yield Event("cancel", end - notice)
    yield Event("end", end)
    yield Event("clear", end + timedelta(hours=chance.uniform(1, 30)))


def _forget(chance: random.Random, due: datetime) -> Iterator[Event]:
    suspended = due + SUSPENDED_AFTER + timedelta(minutes=10)
    ended = due + TERMINATED_AFTER + timedelta(minutes=10)
    yield Event("suspend", suspended)
    yield Event("switch_off", suspended + timedelta(hours=chance.uniform(0.5, 20)))
    yield Event("terminate", ended)
    yield Event("take_down", ended + timedelta(hours=chance.uniform(1, 30)))
