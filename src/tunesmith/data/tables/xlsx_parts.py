"""The parts of an Excel workbook beside its sheets: which sheets there are, which styles are dates, shared texts."""

from __future__ import annotations

import os
import tempfile
from array import array
from dataclasses import dataclass, field

from tunesmith.data.tables.row import MAX_CELL_CHARS, MAX_COLUMNS
from tunesmith.data.tables.xml_parts import OutsizedXml

MAX_SHARED_TEXTS = 4_000_000


@dataclass(slots=True)
class SheetNames:
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


@dataclass(slots=True)
class PartNames:
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
class Styles:
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
            self.formats[integer(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif tag == "xf" and self.is_in_cell_styles:
            self.format_of_style.append(integer(attributes.get("numFmtId")))

    def ends(self, tag: str, text: str | None) -> None:
        if tag == "cellXfs":
            self.is_in_cell_styles = False

    def date_styles(self) -> frozenset[int]:
        # openpyxl takes a while to load, and only dates need it
        from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

        formats = BUILTIN_FORMATS | self.formats
        dates = {number for number, code in formats.items() if is_date_format(code)}
        return frozenset(style for style, number in enumerate(self.format_of_style) if number in dates)


class SharedTexts:
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

    def __enter__(self) -> SharedTexts:
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


def integer(text: str | None, otherwise: int = 0) -> int:
    """The number in an attribute, or what it is otherwise."""
    return int(text) if text and len(text) < 10 and text.isascii() and text.isdigit() else otherwise
