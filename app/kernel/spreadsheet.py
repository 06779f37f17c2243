"""CSV whose cells are never taken for formulas, and can be had back."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

Cell = str | int | Decimal | datetime | date | bool | None
_FORMULA = re.compile("'*[=+\\-@\\t\\r\\n＝＋－＠]")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), full-width forms included."""
BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as something else."""


def neutral(text: str) -> str:
    """The text as a spreadsheet shows it, and no more than shows it.

    Who reads such a file again takes one apostrophe away wherever a formula stands behind apostrophes.
    """
    return f"'{text}" if _FORMULA.match(text) else text


def lines(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """A CSV file, line by line, in constant memory."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(BYTE_ORDER_MARK)
    writer.writerow(head)
    for row in rows:
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([_text(cell) for cell in row])
    yield buffer.getvalue()


def _text(cell: Cell) -> str:
    """Numbers stay numbers, below zero too; moments are ISO 8601."""
    if isinstance(cell, str):
        return neutral(cell.replace("\0", ""))
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return cell.isoformat(timespec="seconds") if isinstance(cell, datetime) else str(cell)
