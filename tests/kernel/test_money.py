"""Money is whole minor units with a currency; nothing is lost or made by rounding."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import Invalid
from app.kernel.money import LARGEST_MINOR, Money, half_up, parse_major

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF"])
DIGITS = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3, "CLF": 4}


def test_a_fifth_off_a_year_of_starter_is_what_the_contract_says():
    year = Money(4990, "USD")

    discount = year.times(Fraction(20, 100))

    assert (year - discount) == Money(3992, "USD")


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        (Fraction(1, 2), 1),
        (Fraction(-1, 2), -1),
        (Fraction(3, 2), 2),
        (Fraction(-3, 2), -2),
        (Fraction(5, 2), 3),
        (Fraction(49, 100), 0),
        (Fraction(-49, 100), 0),
        (Fraction(0), 0),
        (Fraction(10**14 * 2 + 1, 2), 10**14 + 1),
    ],
)
def test_halves_go_away_from_zero(amount, rounded):
    assert half_up(amount) == rounded


@given(st.fractions(min_value=-(10**9), max_value=10**9))
def test_rounding_is_never_off_by_more_than_half_and_mirrors_at_zero(amount):
    assert abs(half_up(amount) - amount) <= Fraction(1, 2)
    assert half_up(-amount) == -half_up(amount)


def test_two_currencies_do_not_add_up():
    with pytest.raises(ValueError, match="USD and EUR"):
        Money(1, "USD") + Money(1, "EUR")
    with pytest.raises(ValueError, match="USD and EUR"):
        Money(1, "USD") - Money(1, "EUR")


@given(CURRENCIES, st.integers(0, LARGEST_MINOR))
def test_what_is_written_reads_back_the_same(currency, minor):
    money = Money(minor, currency)

    assert money.digits == DIGITS[currency]
    assert parse_major(str(money.major), currency) == money


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1e3",
        "1e309",
        "NaN",
        "Infinity",
        "0x10",
        "1_000",
        "1,000",
        "１００",
        "1.",
        ".5.",
        "1.234",
        " 1",
        "1 ",
        "٣",
        "1.٣",
        "1\n",
        "²",
        "9" * 40,
        str(LARGEST_MINOR),
    ],
)
def test_what_is_no_plain_amount_of_dollars_is_refused_by_name(text):
    with pytest.raises(Invalid) as refusal:
        parse_major(text, "USD", field="price")

    assert list(refusal.value.fields) == ["price"]


def test_yen_have_no_decimals_and_dinars_three():
    with pytest.raises(Invalid):
        parse_major("10.5", "JPY")
    assert parse_major("1.234", "KWD") == Money(1234, "KWD")
    with pytest.raises(Invalid):
        parse_major("1.2345", "KWD")


def test_people_read_it_with_its_code_and_separators():
    assert Money(123456789, "USD").plain == "USD 1,234,567.89"
    assert Money(1234, "JPY").plain == "JPY 1,234"
    assert Money(-50, "EUR").plain == "EUR -0.50"
    assert Money(2936, "USD").sign() == "$29.36"
    assert Money(123456, "EUR").sign("de") == "1.234,56\u00a0€"
