"""The prices of a product as a form has them: a field for each currency and cycle, empty where it is not sold so."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from app.features.catalogue.cycles import CYCLES, SPANS
from app.features.catalogue.products import Tag, Tags
from app.kernel.errors import Invalid
from app.kernel.money import CURRENCIES, Money, parse_major

MOST_CURRENCIES = 12


class Cell(NamedTuple):
    """One field: its name, label, what is typed in it, and what is wrong with that."""

    name: str
    label: str
    typed: str
    problem: str


class Grid:
    """What stands in the fields, and what is wrong with it."""

    def __init__(self, currencies: Iterable[str], typed: Mapping[str, str]) -> None:
        known = [currency for currency in dict.fromkeys(currencies) if currency in CURRENCIES]
        self.currencies = known[:MOST_CURRENCIES]
        self._typed = typed
        self.problems: dict[str, str] = {}

    @classmethod
    def of(cls, tags: Tags, *, currencies: Iterable[str]) -> "Grid":
        """The fields filled with the prices that there are, and empty ones for more `currencies`."""
        typed = {}
        for (currency, cycle), tag in tags.items():
            typed[f"price-{currency}-{cycle}"] = str(Money(tag.amount_minor, currency).major)
            typed[f"setup-{currency}-{cycle}"] = str(Money(tag.setup_minor, currency).major) if tag.setup_minor else ""
        return cls((*currencies, *sorted({currency for currency, _ in tags})), typed)

    @classmethod
    def sent(cls, form: Mapping[str, str]) -> "Grid":
        """What a form has sent; fields of no currency or cycle that there is are left out.

        With `more`, somebody wants to give prices in another `currency` as well.
        """
        named = [name.split("-")[1] for name in form if name.startswith("price-") and name.count("-") == 2]
        return cls([*named, form.get("currency", "")] if "more" in form else named, form)

    def tags(self) -> dict[tuple[str, str], Tag] | None:
        """The prices, or None where something cannot be one; `problems` then says what."""
        found = {}
        for currency in self.currencies:
            for cycle in CYCLES:
                amount = self._read(f"price-{currency}-{cycle}", currency)
                setup = self._read(f"setup-{currency}-{cycle}", currency)
                if amount is not None:
                    found[currency, cycle] = Tag(amount, setup or 0)
                elif setup:
                    self.problems.setdefault(f"price-{currency}-{cycle}", "A set-up fee needs a price; 0 is free.")
        return None if self.problems else found

    def _read(self, name: str, currency: str) -> int | None:
        text = self._typed.get(name, "").strip()
        if not text:
            return None
        try:
            return parse_major(text, currency, field=name).minor
        except Invalid as refusal:
            self.problems[name] = refusal.text
            return None

    def rows(self, currency: str) -> list[tuple[Cell, Cell]]:
        """The fields of one currency: price and set-up fee of each cycle."""
        return [
            (
                self._cell(f"price-{currency}-{cycle}", SPANS[cycle].capitalize()),
                self._cell(f"setup-{currency}-{cycle}", f"Set-up fee, {SPANS[cycle]}"),
            )
            for cycle in CYCLES
        ]

    def _cell(self, name: str, label: str) -> Cell:
        return Cell(name, label, self._typed.get(name, ""), self.problems.get(name, ""))
