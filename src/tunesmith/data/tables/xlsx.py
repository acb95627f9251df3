"""An Excel workbook (.xlsx): the rows of one sheet, the first of them naming the columns; cells become texts.

Read as a stream: texts that cells share lie in a temporary file, so that memory does not grow with the sheet.
"""

from __future__ import annotations

import errno
import os
import re
import struct
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError

from tunesmith.data.tables.delimited import name_columns
from tunesmith.data.tables.packed import MAX_RATIO, seekable
from tunesmith.data.tables.problems import file_note, refused, row_problem
from tunesmith.data.tables.row import MAX_CELL_CHARS, MAX_COLUMNS, Row
from tunesmith.data.tables.xml_parts import Listener, OutsizedXml, listen
from tunesmith.errors import InvalidFile, InvalidRequest
from tunesmith.findings import Finding

ZIP_MAGIC = b"PK\x03\x04"
# Parsed at about ten megabytes a second: what takes longer than a minute should come as CSV.
MAX_SHEET_BYTES = 512 * 2**20
# Names, styles and sheet lists; they are kept in memory.
MAX_SMALL_PART_BYTES = 8 * 2**20
MAX_DIRECTORY_BYTES = 2**20
MAX_SHARED_TEXTS = 4_000_000
MAX_ROW_CHARS = 4 * 2**20
_SMALL_BYTES = 16 * 2**20

_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, EOFError, struct.error, ParseError, UnicodeDecodeError),
    *(NotImplementedError, OSError),
)
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


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
    with _archive(path, name, is_compressed) as archive:
        names = _Names()
        _read_part(archive, "xl/workbook.xml", names, name)
        targets = _Targets()
        _read_part(archive, "xl/_rels/workbook.xml.rels", targets, name)
        styles = _Styles()
        if _find(archive, targets.styles or "xl/styles.xml"):
            _read_part(archive, targets.styles or "xl/styles.xml", styles, name)
        chosen, notes = _choose(names, sheet, name)
        part = targets.parts.get(names.sheets[chosen], "")
        if not _find(archive, part):
            raise refused(name, "no_sheet", f'sheet "{chosen}" is missing from the file', f"文件中缺少工作表“{chosen}”")
        shared = targets.shared_texts if _find(archive, targets.shared_texts) else None
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
    with _archive(book.path, book.name, book.is_compressed) as archive, _SharedTexts() as texts:
        if book.shared_texts:
            _read_part(archive, book.shared_texts, texts, book.name, limit=MAX_SHEET_BYTES)
        sheet = _Sheet(texts, book.date_styles, counts_from_1904=book.counts_from_1904)
        for _ in _events(archive, book.part, sheet, book.name, limit=MAX_SHEET_BYTES):
            yield from sheet.rows
            sheet.rows.clear()


# The archive


@contextmanager
def _archive(path: Path, name: str, is_compressed: bool) -> Iterator[zipfile.ZipFile]:
    with seekable(path, name=name, is_compressed=is_compressed) as stream:
        try:
            _check_directory(stream, name)
            stream.seek(0)
            archive = zipfile.ZipFile(stream)
        except _DAMAGED as error:
            raise _damaged(name, error) from error
        with archive:
            if not _find(archive, "xl/workbook.xml"):
                raise _no_workbook(name, archive)
            yield archive


def _check_directory(stream: BinaryIO, name: str) -> None:
    """The list of members is read into memory before anything can be asked about it."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 2**16 - 22))
    tail = stream.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 20:
        raise zipfile.BadZipFile("the list of its parts is missing")
    (n_bytes,) = struct.unpack_from("<I", tail, at + 12)
    if n_bytes > MAX_DIRECTORY_BYTES:
        raise _bomb(name)


def _find(archive: zipfile.ZipFile, part: str | None) -> bool:
    return part is not None and part in archive.NameToInfo


def _no_workbook(name: str, archive: zipfile.ZipFile) -> InvalidFile:
    members = archive.namelist()
    kinds = {
        "word/": ("a Word document", "Word 文档"),
        "ppt/": ("a PowerPoint presentation", "PowerPoint 文档"),
        "xl/workbook.bin": ("a binary Excel workbook (.xlsb)", "二进制 Excel 文件（.xlsb）"),
        "content.xml": ("an OpenDocument file (.ods, .odt)", "OpenDocument 文件（.ods、.odt）"),
    }
    for start, (en, zh) in kinds.items():
        if any(member.startswith(start) for member in members):
            message = f"the file is {en}; save it as .xlsx, .csv or .jsonl"
            return refused(name, "not_a_table", message, f"这是{zh}；请另存为 .xlsx、.csv 或 .jsonl")
    listed = ", ".join(members[:3]) + (", ..." if len(members) > 3 else "")
    message = f"the file is a zip archive ({listed}), not an Excel workbook; unpack it and send what is in it"
    return refused(
        name, "zip_archive", message, f"这是 zip 压缩包（{listed}），不是 Excel 文件；请解压后上传其中的文件"
    )


def _damaged(name: str, error: Exception) -> Exception:
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):  # the disk's, not the file's
        return error
    en = f"the Excel workbook is damaged or cut off ({error}); copy or save it again"
    return refused(name, "xlsx_damaged", en, "Excel 文件已损坏或不完整；请重新复制或另存")


def _bomb(name: str) -> InvalidFile:
    en = (
        f"the Excel workbook unpacks to more than {MAX_RATIO} times its size or {MAX_SHEET_BYTES // 2**20} MB;"
        " export the sheet as .csv"
    )
    zh = f"Excel 文件解压后超过原大小的 {MAX_RATIO} 倍或 {MAX_SHEET_BYTES // 2**20} MB；请将工作表导出为 .csv"
    return refused(name, "xlsx_bomb", en, zh)


@contextmanager
def _part(archive: zipfile.ZipFile, part: str, name: str, limit: int) -> Iterator[IO[bytes]]:
    info = archive.NameToInfo.get(part)
    if info is None:
        raise zipfile.BadZipFile(f"{part} is missing")
    if info.file_size > limit or info.file_size > max(_SMALL_BYTES, MAX_RATIO * info.compress_size):
        raise _bomb(name)
    if info.flag_bits & 1:
        en = "the Excel workbook is protected with a password; save it without one"
        raise refused(name, "xlsx_password", en, "Excel 文件有密码保护；请去掉密码后另存")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile(f"{part} is packed in a way that Excel does not use")
    with archive.open(info) as stream:
        yield stream


def _events(archive: zipfile.ZipFile, part: str, listener: Listener, name: str, *, limit: int) -> Iterator[None]:
    try:
        with _part(archive, part, name, limit) as stream:
            yield from listen(stream, listener)
    except DefusedXmlException as error:
        en = "the Excel workbook holds XML entities, which no spreadsheet program writes; it was not opened"
        raise refused(
            name, "xlsx_entities", en, "Excel 文件中含有 XML 实体，正常的表格软件不会写入；已拒绝打开"
        ) from error
    except OutsizedXml as error:
        en = f"the Excel workbook holds XML that no spreadsheet program writes ({error})"
        raise refused(name, "xlsx_outsized", en, "Excel 文件中的 XML 异常，正常的表格软件不会写入") from error
    except _DAMAGED as error:
        raise _damaged(name, error) from error


def _read_part(
    archive: zipfile.ZipFile, part: str, listener: Listener, name: str, *, limit: int = MAX_SMALL_PART_BYTES
) -> None:
    for _ in _events(archive, part, listener, name, limit=limit):
        pass


# The parts


@dataclass(slots=True)
class _Names:
    """xl/workbook.xml: the visible sheets in order, each with the id of its part."""

    sheets: dict[str, str] = field(default_factory=dict)
    counts_from_1904: bool = False
    text_limit: int = 0
    wants: frozenset[str] = frozenset()

    def starts(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet" and attributes.get("state", "visible") == "visible":
            part_id = next((value for key, value in attributes.items() if key.endswith("}id")), "")
            self.sheets[attributes.get("name", "")] = part_id
        elif tag == "workbookPr":
            self.counts_from_1904 = attributes.get("date1904", "0") in ("1", "true")

    def ends(self, tag: str, text: str | None) -> None: ...


def _choose(names: _Names, sheet: str | None, name: str) -> tuple[str, list[Finding]]:
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


@dataclass(slots=True)
class _Targets:
    """xl/_rels/workbook.xml.rels: where the parts are."""

    parts: dict[str, str] = field(default_factory=dict)
    styles: str | None = None
    shared_texts: str | None = None
    text_limit: int = 0
    wants: frozenset[str] = frozenset()

    def starts(self, tag: str, attributes: dict[str, str]) -> None:
        if tag != "Relationship":
            return
        target = attributes.get("Target", "")
        part = target[1:] if target.startswith("/") else f"xl/{target}"
        kind = attributes.get("Type", "").rpartition("/")[2]
        if kind == "worksheet":
            self.parts[attributes.get("Id", "")] = part
        elif kind == "styles":
            self.styles = part
        elif kind == "sharedStrings":
            self.shared_texts = part

    def ends(self, tag: str, text: str | None) -> None: ...


@dataclass(slots=True)
class _Styles:
    """xl/styles.xml: which cell styles show a date."""

    formats: dict[int, str] = field(default_factory=dict)
    format_of_style: list[int] = field(default_factory=list)
    is_in_cell_styles: bool = False
    text_limit: int = 0
    wants: frozenset[str] = frozenset()

    def starts(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "cellXfs":
            self.is_in_cell_styles = True
        elif tag == "numFmt":
            self.formats[_integer(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif tag == "xf" and self.is_in_cell_styles:
            self.format_of_style.append(_integer(attributes.get("numFmtId")))

    def ends(self, tag: str, text: str | None) -> None:
        if tag == "cellXfs":
            self.is_in_cell_styles = False

    def date_styles(self) -> frozenset[int]:
        # openpyxl takes a while to load, and only dates need it
        from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

        formats = BUILTIN_FORMATS | self.formats
        dates = {number for number, code in formats.items() if is_date_format(code)}
        return frozenset(style for style, number in enumerate(self.format_of_style) if number in dates)


class _SharedTexts:
    """xl/sharedStrings.xml: the texts that cells refer to by number, kept in a temporary file."""

    text_limit = MAX_CELL_CHARS
    wants = frozenset({"t"})

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the table
        self._ends = array("Q", [0])
        self._too_large: set[int] = set()
        self._pieces: list[str] = []
        self._n_chars = 0
        self._is_reading_aid = False

    def __enter__(self) -> _SharedTexts:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def starts(self, tag: str, attributes: dict[str, str]) -> None:
        self._is_reading_aid |= tag == "rPh"

    def ends(self, tag: str, text: str | None) -> None:
        if tag == "t" and not self._is_reading_aid:
            self._n_chars += MAX_CELL_CHARS if text is None else len(text)
            if text and self._n_chars <= MAX_CELL_CHARS:
                self._pieces.append(text)
        elif tag == "rPh":
            self._is_reading_aid = False
        elif tag == "si":
            self._add("".join(self._pieces))

    def _add(self, text: str) -> None:
        if len(self._ends) > MAX_SHARED_TEXTS:
            raise OutsizedXml(f"more than {MAX_SHARED_TEXTS} texts")
        if self._n_chars > MAX_CELL_CHARS and len(self._too_large) < MAX_COLUMNS:
            self._too_large.add(len(self._ends) - 1)
        self._pieces.clear()
        self._n_chars = 0
        encoded = text.encode()
        self._file.write(encoded)
        self._ends.append(self._ends[-1] + len(encoded))

    def get(self, number: int) -> str | None:
        """The text, or None for one that is over the limit or not there."""
        if not 0 <= number < len(self._ends) - 1 or number in self._too_large:
            return None
        start, end = self._ends[number], self._ends[number + 1]
        self._file.flush()
        return os.pread(self._file.fileno(), end - start, start).decode()


class _Sheet:
    """xl/worksheets/sheetN.xml: rows as they are completed."""

    text_limit = MAX_CELL_CHARS
    wants = frozenset({"v", "t"})

    def __init__(self, texts: _SharedTexts, date_styles: frozenset[int], *, counts_from_1904: bool) -> None:
        self.rows: list[tuple[int, list[str] | Finding]] = []
        self._texts = texts
        self._date_styles = date_styles
        self._counts_from_1904 = counts_from_1904
        self._number = 0
        self._cells: list[str] = []
        self._problem: Finding | None = None
        self._n_chars = 0
        self._column = 0
        self._kind = "n"
        self._style = 0
        self._value: str | None = None
        self._has_formula = self._is_reading_aid = False

    def starts(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "row":
            self._number = _integer(attributes.get("r")) or self._number + 1
            self._cells, self._problem = [], None
            self._n_chars = self._column = 0
        elif tag == "f":
            self._has_formula = True
        elif tag == "rPh":
            self._is_reading_aid = True

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        self._column = _column_number(reference) if reference else self._column + 1
        self._kind = attributes.get("t", "n")
        self._style = _integer(attributes.get("s"))
        self._value = None
        self._has_formula = False

    def ends(self, tag: str, text: str | None) -> None:
        if tag in ("v", "t") and not self._is_reading_aid:
            if text is None:
                self._problem = self._problem or _cell_too_large(self._number)
            else:
                self._value = (self._value or "") + text
                self._n_chars += len(text)
                if self._n_chars > MAX_ROW_CHARS:
                    self._problem, self._value = self._problem or _cell_too_large(self._number), None
        elif tag == "rPh":
            self._is_reading_aid = False
        elif tag == "c":
            self._end_cell()
        elif tag == "row" and (self._problem or any(self._cells)):
            self.rows.append((self._number, self._problem or self._cells))

    def _end_cell(self) -> None:
        if not self._value:
            if self._has_formula and self._kind != "str":
                self._problem = self._problem or _formula_without_value(self._number, self._column)
            return
        if not 0 < self._column <= MAX_COLUMNS:
            raise OutsizedXml(f"more than {MAX_COLUMNS} columns")
        text = self._text_of(self._value)
        if text:
            self._cells += [""] * (self._column - len(self._cells))
            self._cells[self._column - 1] = text

    def _text_of(self, value: str) -> str:
        if self._kind == "s":
            text = self._texts.get(_integer(value, -1))
            if text is None:
                self._problem = self._problem or _cell_too_large(self._number)
                return ""
            self._n_chars += len(text)
            if self._n_chars > MAX_ROW_CHARS:
                self._problem = self._problem or _cell_too_large(self._number)
                return ""
            return self._plain(text)
        if self._kind in ("str", "inlineStr"):
            return self._plain(value)
        if self._kind == "e":
            self._problem = self._problem or _cell_error(self._number, self._column, value)
            return ""
        if self._kind == "b":
            return "true" if value == "1" else "false"
        if self._kind == "d":
            return value
        return self._number_as_text(value)

    def _plain(self, text: str) -> str:
        """Without Excel's escapes (_x000D_) and with \\n for line ends."""
        if "_x" in text:
            text = _ESCAPE.sub(lambda match: _character(match[1]), text)
        if "\0" in text:
            en, zh = "NUL character in a cell; remove it", "单元格中有 NUL 字符；请删除"
            self._problem = self._problem or row_problem("nul_character", self._number, en, zh)
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _number_as_text(self, value: str) -> str:
        try:
            number = float(value)
        except ValueError:
            return value
        if self._style in self._date_styles:
            return _date_text(number, counts_from_1904=self._counts_from_1904) or value
        # Excel keeps 15 digits: longer whole numbers are shown as they are in the file
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else value


def _integer(text: str | None, otherwise: int = 0) -> int:
    return int(text) if text and len(text) < 10 and text.isascii() and text.isdigit() else otherwise


def _column_number(reference: str) -> int:
    """1 for A, 27 for AA; 0 for what is no reference."""
    number = 0
    for letter in reference[:4].upper():
        if not "A" <= letter <= "Z":
            break
        number = number * 26 + ord(letter) - 64
    return number


def _column_letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _character(code: str) -> str:
    number = int(code, 16)
    return chr(number) if number < 0xD800 else f"_x{code}_"


def _date_text(number: float, *, counts_from_1904: bool) -> str:
    """2016-04-21, or with the time when there is one; "" for a number that is no date."""
    from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

    try:
        moment = from_excel(number, MAC_EPOCH if counts_from_1904 else WINDOWS_EPOCH)
    except (OverflowError, ValueError):
        return ""
    return str(moment).removesuffix(" 00:00:00") if moment is not None else ""


def _cell_too_large(line: int) -> Finding:
    en = f"a cell that is missing, or has more than {MAX_CELL_CHARS} characters; shorten it"
    return row_problem("row_too_large", line, en, f"有单元格缺失，或超过 {MAX_CELL_CHARS} 个字符；请缩短内容")


def _cell_error(line: int, column: int, value: str) -> Finding:
    cell = f"{_column_letters(column)}{line}"
    en = f"cell {cell} shows the error {value[:20]}; mend its formula or write the value"
    return row_problem(
        "cell_error", line, en, f"单元格 {cell} 显示错误 {value[:20]}；请修正公式或直接填写值", cell=cell
    )


def _formula_without_value(line: int, column: int) -> Finding:
    cell = f"{_column_letters(column)}{line}"
    en = f"cell {cell} holds a formula without its result; open the file in Excel, save it and send it again"
    zh = f"单元格 {cell} 只有公式没有结果；请用 Excel 打开并保存后重新上传"
    return row_problem("formula_without_value", line, en, zh, cell=cell)
