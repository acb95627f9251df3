"""One sheet of an Excel workbook: rows of texts as they are completed."""

from __future__ import annotations

import re

from tunesmith.data.tables.problems import row_problem
from tunesmith.data.tables.row import MAX_CELL_CHARS, MAX_COLUMNS
from tunesmith.data.tables.xlsx_parts import SharedTexts, integer
from tunesmith.data.tables.xml_parts import OutsizedXml
from tunesmith.findings import Finding

MAX_ROW_CHARS = 4 * 2**20
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


class Sheet:
    """xl/worksheets/sheetN.xml: rows as they are completed."""

    text_limit = MAX_CELL_CHARS
    wants = frozenset({"v", "t"})

    def __init__(self, texts: SharedTexts, date_styles: frozenset[int], *, counts_from_1904: bool) -> None:
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
            self._number = integer(attributes.get("r")) or self._number + 1
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
        self._style = integer(attributes.get("s"))
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
            text = self._texts.get(integer(value, -1))
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
