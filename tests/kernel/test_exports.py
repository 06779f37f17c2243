"""Files for spreadsheets: no cell is a formula, numbers count, and nothing is held whole in memory."""

import csv
import io
import re
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest

from app.kernel import clock, exports
from app.kernel.errors import Invalid

HOSTILE = (
    "=1+1", "+44 1225 444 555", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x", "=HYPERLINK(\"http://evil.example\")",
    "=cmd|' /C calc'!A0", "https://evil.example", "007", "1e9", "a,b;c\"d\ne", "'quoted", "'=1", "''+2", "Zoë Ünïcode 李 🦊", "\x00\x01\x0b\x1b", "x" * 40_000,
)  # fmt: skip


def body_of(answer) -> bytes:
    return b"".join(part.encode() if isinstance(part, str) else part for part in answer.response)


def original(cell: str) -> str:
    """What stood there before it was neutralised."""
    return cell[1:] if re.match("'+[=+\\-@\t\r\n＝＋－＠]", cell) else cell


def rows_of_csv(head, rows) -> list[list[str]]:
    text = body_of(exports.send("things", head, rows, kind="csv")).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def sheet_of(head, rows):
    return openpyxl.load_workbook(io.BytesIO(body_of(exports.send("things", head, rows, kind="xlsx")))).active


def test_in_csv_no_cell_begins_as_a_formula_and_each_can_be_had_back():
    head, *rows = rows_of_csv(("text",), [(text,) for text in HOSTILE])

    assert head == ["text"]
    for (cell,), text in zip(rows, HOSTILE, strict=True):
        assert cell[:1] not in set("=+-@\t\r\n＝＋－＠")
        assert original(cell) == text.replace("\0", "")


def test_in_xlsx_texts_are_texts_and_no_cell_is_a_formula_or_a_link():
    sheet = sheet_of(("text",), [(text,) for text in HOSTILE])

    for row, text in zip(sheet.iter_rows(min_row=2), HOSTILE, strict=True):
        assert row[0].data_type in {"s", "inlineStr", "n"} and row[0].data_type != "f", text
        assert row[0].hyperlink is None
        assert row[0].value is None or isinstance(row[0].value, str)
    assert [row[0].value for row in sheet.iter_rows(min_row=2, max_row=6)] == list(HOSTILE[:5])


def test_what_is_no_text_keeps_its_kind():
    row = (-1204, Decimal("-29.36"), datetime(2026, 11, 20, 13, 22, 5, tzinfo=UTC), date(2026, 11, 27), True, None)

    (cells,) = list(sheet_of("abcdef", [row]).iter_rows(min_row=2, max_row=2))
    assert [cell.value for cell in cells] == [
        -1204,
        -29.36,
        datetime(2026, 11, 20, 13, 22, 5),
        datetime(2026, 11, 27),
        True,
        None,
    ]
    assert rows_of_csv("abcdef", [row])[1] == ["-1204", "-29.36", "2026-11-20T13:22:05+00:00", "2026-11-27", "yes", ""]


@pytest.mark.parametrize("kind", exports.KINDS)
def test_an_empty_list_is_a_file_with_a_head(kind):
    answer = exports.send("things", ("a", "b"), [], kind=kind)

    assert body_of(answer)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="things-{clock.now():%Y-%m-%d}.{kind}"'


@pytest.mark.parametrize("kind", ["", "pdf", "CSV", "\0", "../x"])
def test_another_kind_is_refused(kind):
    with pytest.raises(Invalid):
        exports.send("things", ("a",), [], kind=kind)


def test_a_workbook_ends_at_its_limit_and_says_so(monkeypatch):
    monkeypatch.setattr(exports, "MOST_XLSX_ROWS", 3)

    assert sheet_of(("n",), [(n,) for n in range(3)]).max_row == 4
    longer = sheet_of(("n",), [(n,) for n in range(4)])
    assert longer.max_row == 5
    assert "Only the first 3 rows are here" in longer.cell(5, 1).value


@pytest.mark.parametrize("kind", exports.KINDS)
def test_rows_are_read_while_the_answer_is_sent_and_never_held(kind):
    taken = 0

    def rows():
        nonlocal taken
        for number in range(30_000):
            taken += 1
            yield (f"customer {number}", "x" * 200, number)

    answer = exports.send("things", ("a", "b", "c"), rows(), kind=kind)
    assert taken == 0
    tracemalloc.start()
    size = sum(len(part) for part in answer.response)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert taken == 30_000
    assert size > 100_000
    assert most < 4_000_000
