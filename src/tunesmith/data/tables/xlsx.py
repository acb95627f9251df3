"""An Excel workbook (.xlsx): the rows of one sheet, the first of them naming the columns; cells become texts.

Read as a stream: texts that cells share lie in a temporary file, so that memory does not grow with the sheet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tunesmith.data.tables.delimited import name_columns
from tunesmith.data.tables.problems import file_note, refused, row_problem
from tunesmith.data.tables.row import Row
from tunesmith.data.tables.xlsx_archive import MAX_SHEET_BYTES, events, holds, open_archive, read_part
from tunesmith.data.tables.xlsx_parts import PartNames, SharedTexts, SheetNames, Styles
from tunesmith.data.tables.xlsx_sheet import Sheet
from tunesmith.errors import InvalidRequest
from tunesmith.findings import Finding


@dataclass(frozen=True, slots=True)
class Workbook:
    """Which sheet of which file, and what its numbers mean."""

    path: Path
    name: str
    is_compressed: bool
    sheet: str
    part: str
    shared_texts: str | None
    date_styles: frozenset[int]
    counts_from_1904: bool


def open_workbook(
    path: Path, *, name: str, is_compressed: bool, sheet: str | None
) -> tuple[Workbook, tuple[str, ...], list[Finding]]:
    """(the workbook, its columns, what was odd). Raises InvalidFile for what is no workbook, or a bomb."""
    with open_archive(path, name, is_compressed) as archive:
        names = SheetNames()
        read_part(archive, "xl/workbook.xml", names, name)
        targets = PartNames()
        read_part(archive, "xl/_rels/workbook.xml.rels", targets, name)
        styles = Styles()
        if holds(archive, targets.styles or "xl/styles.xml"):
            read_part(archive, targets.styles or "xl/styles.xml", styles, name)
        chosen, notes = _choose(names, sheet, name)
        part = targets.parts.get(names.sheets[chosen], "")
        if not holds(archive, part):
            raise refused(name, "no_sheet", f'sheet "{chosen}" is missing from the file', f"文件中缺少工作表“{chosen}”")
        shared = targets.shared_texts if holds(archive, targets.shared_texts) else None
    book = Workbook(path, name, is_compressed, chosen, part, shared, styles.date_styles(), names.counts_from_1904)
    header = next((cells for _, cells in _records(book) if not isinstance(cells, Finding)), None)
    if header is None:
        en = f'sheet "{chosen}" is empty'
        return book, (), [*notes, file_note("empty_file", "error", en, f"工作表“{chosen}”是空的", fix=None)]
    columns, more = name_columns(header)
    return book, columns, [*notes, *more]


def rows(book: Workbook, columns: tuple[str, ...]) -> Iterator[Row | Finding]:
    """Every row under the header that is not empty, as {column: text}; `line` is the sheet's row number."""
    is_header = True
    for line, cells in _records(book):
        if isinstance(cells, Finding):
            yield cells
        elif is_header:
            is_header = False
        elif any(cells[len(columns) :]):
            en = f"{len(cells)} cells, expected {len(columns)} as in the header; give every column a name"
            yield row_problem(
                "wrong_cell_count",
                line,
                en,
                f"有 {len(cells)} 个单元格，表头有 {len(columns)} 个；请给每一列写上列名",
                found=len(cells),
                expected=len(columns),
            )
        else:
            cells += [""] * (len(columns) - len(cells))
            yield Row(line, dict(zip(columns, cells, strict=False)))


def _records(book: Workbook) -> Iterator[tuple[int, list[str] | Finding]]:
    """(row number, cells) of every row that has any."""
    with open_archive(book.path, book.name, book.is_compressed) as archive, SharedTexts() as texts:
        if book.shared_texts:
            read_part(archive, book.shared_texts, texts, book.name, limit=MAX_SHEET_BYTES)
        sheet = Sheet(texts, book.date_styles, counts_from_1904=book.counts_from_1904)
        for _ in events(archive, book.part, sheet, book.name, limit=MAX_SHEET_BYTES):
            yield from sheet.rows
            sheet.rows.clear()


def _choose(names: SheetNames, sheet: str | None, name: str) -> tuple[str, list[Finding]]:
    known = list(names.sheets)
    if not known:
        raise refused(name, "no_sheet", "the workbook has no visible sheet", "Excel 文件中没有可见的工作表")
    listed = ", ".join(f'"{one}"' for one in known[:20])
    if sheet is not None and sheet not in names.sheets:
        raise InvalidRequest(f'{name}: there is no sheet "{sheet}"; the sheets are {listed}', param="sheet")
    if sheet is not None or len(known) == 1:
        return sheet or known[0], []
    en = f'read from sheet "{known[0]}"; the workbook has {len(known)}: {listed}'
    zh = f"读取的是工作表“{known[0]}”；文件中共有 {len(known)} 个：{listed}"
    return known[0], [file_note("several_sheets", "info", en, zh, fix=None, sheets=known[:20])]
