"""Small parts that the pages of this room are made of."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_currency

from app.features.subscriptions import slots as subscriptions
from app.features.subscriptions.slots import Alike
from app.kernel.money import Money

SETTING_UP = subscriptions.SETTING_UP[1]
SHORT_FROM = 1_000
"""Amounts from here on are shown without decimals where there is little room; the page behind them has all."""


@dataclass(frozen=True)
class Stat:
    """One number of a strip, as `ui.stat` takes it."""

    label: str
    value: str
    detail: str | tuple[str, str] = ""
    """Or what changed, which is coloured, and the rest."""
    tone: str = ""
    href: str | None = None
    unit: str = ""
    points: Sequence[int] = ()
    """Its line, oldest first; and the same stretch one period earlier."""
    before: Sequence[int] = ()


@dataclass(frozen=True)
class Alarm:
    """Something that needs somebody, with the one way out."""

    tone: str
    title: str
    text: str
    label: str = ""
    href: str = ""


@dataclass(frozen=True)
class Step:
    """One part of setting up, which the panel can check by itself."""

    title: str
    text: str
    is_done: bool
    label: str = ""
    href: str = ""


def standing(tally: Iterable[Alike]) -> Counter[str]:
    """How many services stand how, in the words of a sentence: what is paid for runs once it is set up."""
    said = {SETTING_UP: "being set up", subscriptions.STATES["active"][1]: "running"}
    found: Counter[str] = Counter()
    for alike in tally:
        _tone, state = subscriptions.state_of(alike)
        found[said.get(state, state.lower())] += alike.services
    return found


def begun(text: str) -> str:
    """`text` as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def short(amount: Money) -> str:
    """An amount as tiles show it: `$48,210`, `$29.36`."""
    if abs(amount.major) < SHORT_FROM:
        return amount.sign()
    whole = amount.major.quantize(Decimal(1), ROUND_HALF_UP)
    return str(format_currency(whole, amount.currency, format="¤#,##0", locale="en", currency_digits=False))


def signed(amount: Money) -> str:
    """A change as tiles show it: `+$318`, `−$12.50`, `$0`."""
    if not amount.minor:
        return short(amount)
    return f"{'+' if amount.minor > 0 else '−'}{short(Money(abs(amount.minor), amount.currency))}"


def percent(now: int, before: int) -> str:
    """How much more or less that is: `+6.2 %`; empty where nothing was before."""
    if before <= 0:
        return ""
    change = Decimal(100) * (now - before) / before
    shown = f"{abs(change):,.1f}" if abs(change) < 100 else f"{abs(change):,.0f}"
    return f"{'+' if change > 0 else '−' if change < 0 else '±'}{shown} %"
