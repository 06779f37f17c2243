"""Lists as files: CSV or XLSX, in constant memory, with no cell that could be taken for a formula.

    return exports.send("customers", ("id", "since", ...), rows, kind=request.form.get("as", "csv"))

A cell is a text, a whole number, a `Decimal`, a moment, a day, a truth, or None. In XLSX texts stay texts, numbers
numbers and moments dates (UTC); in CSV moments are ISO 8601 and texts are neutralised (`kernel/spreadsheet.py`).
Money is handed over as `Money.major`, with the currency in a column of its own.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from flask import Response

from app.kernel import clock, spreadsheet
from app.kernel.errors import Invalid
from app.kernel.late import Late
from app.kernel.spreadsheet import Cell as Cell

if TYPE_CHECKING:
    import xlsxwriter
else:
    xlsxwriter = Late("xlsxwriter")

MOST_XLSX_ROWS = 100_000
"""A workbook is made whole before it leaves; so many rows take some seconds."""
BROKEN = "EXPORT FAILED: this file is not complete. Export it again."
"""The last line of a file that broke off."""
KINDS = ("csv", "xlsx")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHUNK = 64 * 1024
_WIDEST_CELL = 32_767


def send(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]], *, kind: str) -> Response:
    """The rows as a file to keep, called `name` and the day. `rows` is read while the answer is sent.

    A workbook that would be longer than `MOST_XLSX_ROWS` ends there with a line that says so.

    Raises:
        Invalid: `kind` is none of `KINDS`.
    """
    if kind not in KINDS:
        raise Invalid.field("as", "Choose csv or xlsx.")
    body = _csv(head, rows) if kind == "csv" else _xlsx(head, rows)
    mimetype = "text/csv" if kind == "csv" else _XLSX
    return attachment(body, name=f"{name}-{clock.now():%Y-%m-%d}.{kind}", mimetype=mimetype)


def attachment(body: Iterator[str] | Iterator[bytes], *, name: str, mimetype: str) -> Response:
    """A file to keep, called `name`, read while it is sent."""
    answer = Response(body, mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Accel-Buffering"] = "no"
    return answer


def _csv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Lines gathered into pieces of some size: a line a piece is a system call a line.

    Where reading fails half way, the last line says so and the connection is cut: no file is short and looks whole.
    """
    gathered: list[str] = []
    size = 0
    try:
        for line in spreadsheet.lines(head, rows):
            gathered.append(line)
            size += len(line)
            if size >= _CHUNK:
                yield "".join(gathered)
                gathered, size = [], 0
    except Exception:
        yield "".join([*gathered, BROKEN, "\r\n"])
        raise
    yield "".join(gathered)


def _xlsx(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The workbook is made in a file that has no name, row by row, then sent."""
    with tempfile.TemporaryFile(prefix="mpanel-export-") as file:
        _write(file, head, rows)
        file.seek(0)
        while piece := file.read(_CHUNK):
            yield piece


def _write(file: IO[bytes], head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options | {"strings_to_numbers": False}) as book:
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, max(0, len(head) - 1), 18)
        for column, title in enumerate(head):
            sheet.write_string(0, column, title, book.add_format({"bold": True}))
        rest = iter(rows)
        number = 0
        for number, row in enumerate(islice(rest, MOST_XLSX_ROWS), start=1):
            for column, cell in enumerate(row):
                _put(sheet, number, column, cell, moment, day)
        if next(rest, None) is not None:
            sheet.write_string(
                number + 1, 0, f"Only the first {MOST_XLSX_ROWS:,} rows are here. Export as CSV for all of them."
            )


def _put(sheet: Any, row: int, column: int, cell: Cell, moment: Any, day: Any) -> None:
    if isinstance(cell, str):
        sheet.write_string(row, column, cell[:_WIDEST_CELL])
    elif isinstance(cell, bool):
        sheet.write_boolean(row, column, cell)
    elif isinstance(cell, int | Decimal):
        sheet.write_number(row, column, cell)
    elif isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell.replace(tzinfo=None), moment)
    elif isinstance(cell, date):
        sheet.write_datetime(row, column, cell, day)
