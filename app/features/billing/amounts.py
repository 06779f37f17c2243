"""The arithmetic of invoices: one pure function for cart, preview and invoice alike.

Whole minor units only. Each line is rounded half up (away from zero) to the
minor unit; the discount is shared out over the lines to the last unit; tax is
computed once per rate on what is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from app.kernel.money import half_up

ROUNDING = "each line half up to the minor unit"


@dataclass(frozen=True)
class TaxRule:
    """Which tax applies and why. `rate` is a fraction: 20 % is `Fraction(1, 5)`."""

    name: str
    rate: Fraction


NO_TAX = TaxRule("none", Fraction(0))
"""No tax is set up for what is sold here. Said on each line, so that nobody has to guess."""


@dataclass(frozen=True)
class Charge:
    """What one line asks for: price of one, in minor units, times quantity times factor.

    The unit price may be a part of a minor unit (metered). The factor is 1
    except where only a part of a period is charged. Negative = credited.
    """

    unit_minor: Fraction
    quantity: Fraction = Fraction(1)
    factor: Fraction = Fraction(1)
    tax: TaxRule = NO_TAX


@dataclass(frozen=True)
class LineAmounts:
    """One line, computed. `net_minor` is what the tax is computed of."""

    charge: Charge
    gross_minor: int
    discount_minor: int

    @property
    def net_minor(self) -> int:
        """After its share of the discount, before tax."""
        return self.gross_minor - self.discount_minor

    def explained(self) -> dict[str, Any]:
        """How it was computed, for "why this amount?". Fractions are text such as `1/3`."""
        return {
            "unit_minor": str(self.charge.unit_minor),
            "quantity": str(self.charge.quantity),
            "factor": str(self.charge.factor),
            "rounding": ROUNDING,
            "gross_minor": self.gross_minor,
            "discount_minor": self.discount_minor,
            "net_minor": self.net_minor,
            "tax_rule": self.charge.tax.name,
            "tax_rate": str(self.charge.tax.rate),
        }


@dataclass(frozen=True)
class TaxAmount:
    """The tax of all lines of one rule."""

    rule: TaxRule
    base_minor: int
    tax_minor: int


@dataclass(frozen=True)
class Amounts:
    """A whole cart or invoice, computed: total = subtotal - discount + tax, never below zero."""

    lines: tuple[LineAmounts, ...]
    subtotal_minor: int
    discount_minor: int
    taxes: tuple[TaxAmount, ...] = field(default=())

    @property
    def tax_minor(self) -> int:
        """All taxes together."""
        return sum(tax.tax_minor for tax in self.taxes)

    @property
    def total_minor(self) -> int:
        """What is to be paid."""
        return self.subtotal_minor - self.discount_minor + self.tax_minor


def compute(charges: Sequence[Charge], *, discount_minor: int = 0) -> Amounts:
    """Compute lines, discount, tax and totals.

    A discount above the subtotal is cut down to it.

    Raises:
        ValueError: the discount is negative, or more is credited than charged
            (that is a credit note, not an invoice).
    """
    gross = [half_up(charge.unit_minor * charge.quantity * charge.factor) for charge in charges]
    subtotal = sum(gross)
    if discount_minor < 0 or subtotal < 0:
        raise ValueError("an invoice asks for money; it does not give any")
    discount = min(discount_minor, subtotal)
    shares = share_out(discount, [max(0, amount) for amount in gross])
    lines = tuple(
        LineAmounts(charge, amount, share) for charge, amount, share in zip(charges, gross, shares, strict=True)
    )
    return Amounts(lines, subtotal, discount, _taxes(lines))


def share_out(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` split by `weights` into whole units that add up to it exactly.

    Largest remainder; of equal ones the earlier gets the unit. No share is
    larger than its weight as long as `amount` is at most their sum.
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    shares = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: (-(amount * weights[index] % whole), index))
    for index in by_remainder[: amount - sum(shares)]:
        shares[index] += 1
    return shares


def _taxes(lines: Sequence[LineAmounts]) -> tuple[TaxAmount, ...]:
    bases: dict[TaxRule, int] = {}
    for line in lines:
        bases[line.charge.tax] = bases.get(line.charge.tax, 0) + line.net_minor
    return tuple(TaxAmount(rule, base, half_up(base * rule.rate)) for rule, base in bases.items())
