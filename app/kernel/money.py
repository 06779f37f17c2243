"""Money: whole minor units with a currency, never a float."""

from contextvars import ContextVar
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from babel.core import get_global
from babel.numbers import format_currency, get_currency_precision

from app.kernel.errors import Invalid

LARGEST_MINOR = 10**14
CURRENCIES: frozenset[str] = frozenset(get_global("all_currencies"))


_locale: ContextVar[str] = ContextVar("locale", default="en")


def speak(locale: str) -> None:
    """Write amounts with their sign as people of `locale` (`de-AT`) do, for the rest of this request."""
    _locale.set(locale.replace("-", "_"))


@dataclass(frozen=True, order=False)
class Money:
    """An amount in the minor unit of its currency: `Money(499, "USD")` is $4.99."""

    minor: int
    currency: str

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def times(self, factor: Fraction | int) -> "Money":
        """This times `factor`, rounded half up (away from zero) to the minor unit."""
        return Money(half_up(Fraction(self.minor) * factor), self.currency)

    @property
    def digits(self) -> int:
        """Decimals of the currency: 2 for USD, 0 for JPY, 3 for KWD (CLDR)."""
        return _digits(self.currency)

    @property
    def major(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-self.digits)

    @property
    def plain(self) -> str:
        """As customers read it, code first: `USD 29.36`."""
        return _plain(self.minor, self.currency)

    def sign(self, locale: str | None = None) -> str:
        """As staff tiles show it, with the sign of the currency, in the house's way: `$29.36`, `29,36 $`."""
        return str(format_currency(self.major, self.currency, locale=locale or _locale.get()))

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not add up")
        return other.minor


@lru_cache(maxsize=5000)  # a list says the same few prices many times
def _plain(minor: int, currency: str) -> str:
    digits = _digits(currency)
    whole, part = divmod(abs(minor), 10**digits)
    sign = "-" if minor < 0 else ""
    return f"{currency} {sign}{whole:,}.{part:0{digits}}" if digits else f"{currency} {sign}{whole:,}"


@lru_cache(maxsize=500)
def _digits(currency: str) -> int:
    return get_currency_precision(currency)


def half_up(amount: Fraction) -> int:
    """`amount` rounded to a whole number, halves away from zero."""
    size = (abs(amount.numerator) * 2 + amount.denominator) // (2 * amount.denominator)
    return size if amount >= 0 else -size


def parse_major(text: str, currency: str, *, field: str = "amount") -> Money:
    """Read `"39.92"` as an amount of `currency`.

    Raises:
        Invalid: not plain digits with at most the currency's decimals, or too large.
    """
    whole, point, part = text.partition(".")
    digits = get_currency_precision(currency)
    plain = whole.isascii() and whole.isdigit() and (not point or (part.isascii() and part.isdigit()))
    if not plain or len(part) > digits:
        raise Invalid.field(field, f"An amount in {currency} is digits with at most {digits} decimals.")
    minor = int(whole) * 10**digits + int((part or "0").ljust(digits, "0") or "0")
    if minor > LARGEST_MINOR:
        raise Invalid.field(field, "That amount is too large.")
    return Money(minor, currency)
