"""Tables for spreadsheets: CSV whose cells are never taken for formulas."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), full-width forms included."""
BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as something else."""


def neutral(cell: str) -> str:
    """The text as a spreadsheet shows it, and no more than shows it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A CSV file, line by line, in constant memory."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(BYTE_ORDER_MARK)
    writer.writerow(head)
    for row in rows:
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        writer.writerow([neutral(cell) for cell in row])
    yield buffer.getvalue()
