"""The arithmetic: nothing is lost or made, whatever is charged (R-21, short)."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.features.billing.amounts import NO_TAX, Charge, TaxRule, compute, share_out

RULES = (NO_TAX, TaxRule("VAT 20 %", Fraction(1, 5)), TaxRule("VAT 5.5 %", Fraction(55, 1000)))
PARTS = st.fractions(min_value=0, max_value=1, max_denominator=2_678_400)
CHARGES = st.builds(
    Charge,
    unit_minor=st.fractions(min_value=0, max_value=10**9, max_denominator=10**6),
    quantity=st.integers(0, 1000).map(Fraction),
    factor=PARTS,
    tax=st.sampled_from(RULES),
)


@given(st.lists(CHARGES, max_size=12), st.integers(0, 10**13))
def test_lines_less_discount_plus_tax_is_the_total(charges, discount):
    found = compute(charges, discount_minor=discount)

    assert sum(line.gross_minor for line in found.lines) == found.subtotal_minor
    assert sum(line.discount_minor for line in found.lines) == found.discount_minor
    assert found.discount_minor == min(discount, found.subtotal_minor)
    assert sum(tax.base_minor for tax in found.taxes) == sum(line.net_minor for line in found.lines)
    assert found.subtotal_minor - found.discount_minor + found.tax_minor == found.total_minor
    assert found.total_minor >= 0
    assert all(0 <= line.discount_minor <= line.gross_minor for line in found.lines)


@given(CHARGES)
def test_a_line_is_off_by_half_a_minor_unit_at_most(charge):
    exact = charge.unit_minor * charge.quantity * charge.factor

    assert abs(compute([charge]).subtotal_minor - exact) <= Fraction(1, 2)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_what_is_shared_out_adds_up(amount, weights):
    shares = share_out(amount, weights)

    assert sum(shares) == (amount if sum(weights) else 0)


def test_the_first_sale_of_the_requirement():
    found = compute([Charge(Fraction(4990))], discount_minor=998)

    assert (found.subtotal_minor, found.discount_minor, found.tax_minor, found.total_minor) == (4990, 998, 0, 3992)


def test_halves_are_rounded_up():
    assert compute([Charge(Fraction(1, 2))]).subtotal_minor == 1
    assert compute([Charge(Fraction(5, 2))]).subtotal_minor == 3


def test_tax_is_computed_once_per_rate_and_invoice():
    vat = TaxRule("VAT 20 %", Fraction(1, 5))

    found = compute([Charge(Fraction(2), tax=vat), Charge(Fraction(2), tax=vat), Charge(Fraction(100))])

    assert [(tax.rule.name, tax.base_minor, tax.tax_minor) for tax in found.taxes] == [
        ("VAT 20 %", 4, 1),
        ("none", 100, 0),
    ]
    assert found.total_minor == 105


def test_a_credited_line_lowers_the_total_and_takes_no_discount():
    found = compute([Charge(Fraction(1999)), Charge(Fraction(-500))], discount_minor=100)

    assert found.total_minor == 1399
    assert [line.discount_minor for line in found.lines] == [100, 0]


@pytest.mark.parametrize(("charges", "discount"), [([Charge(Fraction(-1))], 0), ([Charge(Fraction(1))], -1)])
def test_an_invoice_never_gives_money(charges, discount):
    with pytest.raises(ValueError, match="asks for money"):
        compute(charges, discount_minor=discount)
