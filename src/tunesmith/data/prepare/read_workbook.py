"""Excel workbooks as `pandas.read_excel(dtype=str)` reads their first sheet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.header import unique_names
from tunesmith.data.prepare.missing import MISSING
from tunesmith.data.tables import open_table


def read_workbook(path: Path) -> tuple[Frame, int]:
    """The first sheet, and how many sheets there are.

    Raises ValueError for a file that is no workbook, InvalidFile for one that is damaged or would not fit in memory.
    """
    open_table(path)
    from openpyxl import load_workbook  # a third of a second, and only workbooks need it

    try:
        book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
    except (BadZipFile, KeyError) as error:
        raise ValueError("not a workbook") from error
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        return _frame(sheet.rows), len(book.sheetnames)
    finally:
        book.close()


def _frame(rows: Iterable[Iterable[Any]]) -> Frame:
    """The first row names the columns; what is empty below and on the right is left out."""
    cells = [[_value(cell) for cell in row] for row in rows]
    while cells and not any(value != "" for value in cells[-1]):
        cells.pop()
    if not cells:
        return Frame({}, range(0))
    width = max(1 + max((at for at, value in enumerate(row) if value != ""), default=-1) for row in cells)
    header, *records = [(row + [""] * width)[:width] for row in cells]
    columns = {name: [_text(record[at]) for record in records] for at, name in enumerate(unique_names(header))}
    return Frame(columns, range(len(records)))


def _value(cell: Any) -> Any:
    """A cell's value, with whole numbers as such; "" for nothing and for an error like #DIV/0!."""
    if cell.value is None or cell.data_type == "e":
        return ""
    if cell.data_type == "n":
        whole = int(cell.value)
        return whole if whole == cell.value else float(cell.value)
    return cell.value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return "" if value in MISSING else value
    return str(value)
