"""CSV and its relatives: cells between commas, tabs, semicolons or bars, the first record naming the columns."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from tunesmith.data.tables.json_text import not_utf8, nul_byte
from tunesmith.data.tables.problems import file_note, row_problem
from tunesmith.data.tables.row import MAX_COLUMNS, Row
from tunesmith.data.tables.text import Text
from tunesmith.findings import Finding

# The csv module holds a cell in four bytes a character, and twice while it grows. The module's own limit
# (131,072 characters) would refuse the longest articles.
MAX_RECORD_BYTES = 4 * 2**20
MAX_RECORD_LINES = 50_000
csv.field_size_limit(max(csv.field_size_limit(), 2 * MAX_RECORD_BYTES))

Lines: TypeAlias = Iterable[tuple[int, "bytes | Finding"]]
Record = tuple[int, list[str]]

_DELIMITERS = ",\t;|"
_SAMPLE_RECORDS = 100
_LONGEST_NAME = 100  # characters; titles of columns are words, not sentences
_NUMBER = re.compile(r"-?\d+([.,]\d+)*")
_COLUMN_NAME = re.compile(r"[^\s.!?。！？：:][^.!?。！？]{0,39}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How the cells of a file are set apart; `first_line` is the header's, after a `sep=;` of Excel."""

    delimiter: str = ","
    is_quoted: bool = True
    first_line: int = 1


COMMAS = Dialect()


@dataclass(frozen=True, slots=True)
class Sample:
    """How well a dialect fits the beginning of a file: the share of records with as many cells as the header."""

    dialect: Dialect
    header: tuple[str, ...]
    n_records: int
    share: float

    @property
    def is_table(self) -> bool:
        """Whether this is surely a table rather than prose with commas in it."""
        names = [name.strip() for name in self.header]
        return (
            self.n_records >= 3
            and len(names) > 1
            and self.share >= 0.9
            and all(_COLUMN_NAME.fullmatch(name) for name in self.header)
            and len(set(names)) == len(names)
        )


def sniff(head: bytes, *, delimiters: str = _DELIMITERS) -> Sample:
    """The dialect that fits the beginning of a file best; one column when none does."""
    lines = head.split(b"\n")
    first_line = 1
    if match := re.fullmatch(rb"\s*sep=(.)\s*", lines[0]):
        delimiters, first_line = match[1].decode("ascii", errors="replace"), 2
    dialects = [Dialect(delimiter, True, first_line) for delimiter in delimiters]
    if "\t" in delimiters:  # many programs write tabs and never quote
        dialects.append(Dialect("\t", False, first_line))
    samples = [_sample(lines, dialect) for dialect in dialects]
    fitting = [sample for sample in samples if len(sample.header) > 1]
    return max(fitting or samples[:1], key=lambda sample: (sample.share > 0.8, sample.share * len(sample.header)))


def _sample(lines: list[bytes], dialect: Dialect) -> Sample:
    counts: Counter[int] = Counter()
    header: tuple[str, ...] = ()
    n_records = 0
    for record in records(enumerate(lines, 1), dialect):
        if isinstance(record, Finding):
            counts[-1] += 1
        elif not header:
            header = tuple(record[1])
        else:
            counts[len(record[1])] += 1
        n_records += 1
        if n_records >= _SAMPLE_RECORDS:
            break
    return Sample(dialect, header, n_records, counts[len(header)] / max(1, counts.total()))


def read_header(text: Text, dialect: Dialect) -> tuple[tuple[str, ...], list[Finding]] | None:
    """(names of the columns, what was odd about them), or None for a file without records."""
    for record in records(text.lines(), dialect):
        if isinstance(record, Finding):
            continue
        return name_columns(record[1])
    return None


def name_columns(cells: list[str]) -> tuple[tuple[str, ...], list[Finding]]:
    """Names for the columns: trimmed, unique, never empty; trailing columns without a name are left out."""
    names = [cell.strip().removeprefix("\ufeff") for cell in cells]
    while len(names) > 1 and not names[-1]:
        names.pop()
    columns: list[str] = []
    twice = []
    for number, name in enumerate(names, 1):
        unique = name or f"column_{number}"
        if unique in columns:
            twice.append(name)
            unique = next(f"{name}_{n}" for n in range(2, len(names) + 2) if f"{name}_{n}" not in names + columns)
        columns.append(unique)
    notes = []
    if twice:
        listed = ", ".join(f'"{name}"' for name in dict.fromkeys(twice))
        en = f"several columns are called {listed}; the later ones got a number at the end"
        zh = f"有多列同名：{listed}；后面的列名已加上编号"
        notes.append(file_note("columns_with_the_same_name", "warning", en, zh, rows=[1], fix=None))
    if any(len(name) > _LONGEST_NAME or _NUMBER.fullmatch(name) for name in names):
        en = "the first row, which should name the columns, looks like data; add a row with names above it"
        zh = "第一行应为列名，但看起来像数据；请在最前面加一行列名"
        notes.append(file_note("header_looks_like_data", "warning", en, zh, rows=[1], fix=None))
    return tuple(columns), notes


def rows(text: Text, dialect: Dialect, columns: tuple[str, ...]) -> Iterator[Row | Finding]:
    """Every record under the header as {column: cell}; cells are texts."""
    n_columns = len(columns)
    is_header = True
    for record in records(text.lines(), dialect):
        if isinstance(record, Finding):
            yield record
            continue
        if is_header:
            is_header = False
            continue
        line, cells = record
        if len(cells) == n_columns and any(cells):
            yield Row(line, dict(zip(columns, cells, strict=True)))
        else:
            row = fit_cells(line, cells, columns, dialect.delimiter)
            if row is not None:
                yield row


def fit_cells(line: int, cells: list[str], columns: tuple[str, ...], delimiter: str) -> Row | Finding | None:
    """The record whose number of cells is not the header's: fine when the rest is empty, nothing when all is."""
    if not any(cells):
        return None
    if not any(cells[len(columns) :]) and len(cells) > len(columns):
        return Row(line, dict(zip(columns, cells, strict=False)))
    mark, mark_zh = {"\t": ("tab", "制表符")}.get(delimiter, (delimiter, delimiter))
    return row_problem(
        "wrong_cell_count",
        line,
        f"{len(cells)} cells, expected {len(columns)} as in the header; "
        f'is a text with "{mark}" or a line end in it not in double quotes?',
        f"有 {len(cells)} 个单元格，表头有 {len(columns)} 个；含有“{mark_zh}”或换行的文本是否没有加双引号？",
        found=len(cells),
        expected=len(columns),
    )


def records(lines: Lines, dialect: Dialect) -> Iterator[Record | Finding]:
    """(line where it starts, cells) of every record; blank lines are passed over.

    After a record that cannot be read, reading goes on with the line after its first.
    """
    feed = _Feed(lines, dialect)
    while True:
        reader = csv.reader(
            feed,
            delimiter=dialect.delimiter,
            quoting=csv.QUOTE_MINIMAL if dialect.is_quoted else csv.QUOTE_NONE,
            strict=True,
        )
        try:
            for cells in reader:
                if cells:
                    yield feed.held[0][0], cells
                feed.held.clear()
            return
        except _UnreadableLine as unreadable:
            yield unreadable.finding
        except csv.Error as error:
            yield _bad_quotes(feed.held[0][0], str(error))
        feed.go_back()


class _UnreadableLine(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


class _Feed:
    """Lines for the csv module; those of the record in hand are kept, to start again after the first of them."""

    def __init__(self, lines: Lines, dialect: Dialect) -> None:
        self.held: list[tuple[int, bytes | Finding]] = []
        self._lines = iter(lines)
        self._again: deque[tuple[int, bytes | Finding]] = deque()
        self._most_delimiters = MAX_COLUMNS
        self._delimiter = dialect.delimiter.encode()
        self._first_line = dialect.first_line
        self._n_held_bytes = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        while line[0] < self._first_line:
            line = next(self._lines)
        held = self.held
        if not held:
            self._n_held_bytes = 0
        held.append(line)
        number, text = line
        if isinstance(text, Finding):
            raise _UnreadableLine(text)
        self._n_held_bytes += len(text)
        if self._n_held_bytes > MAX_RECORD_BYTES or len(held) > MAX_RECORD_LINES:
            raise _UnreadableLine(_record_too_large(held[0][0], n_lines=len(held)))
        if b"\0" in text:
            raise _UnreadableLine(nul_byte(number))
        if len(text) > MAX_COLUMNS and text.count(self._delimiter) > MAX_COLUMNS:
            raise _UnreadableLine(_too_many_cells(number))
        try:
            decoded = text.decode()
        except UnicodeDecodeError:
            raise _UnreadableLine(not_utf8(number, text) or nul_byte(number)) from None
        return decoded.removesuffix("\r") + "\n"

    def go_back(self) -> None:
        """Continue with the line after the one where the record in hand starts."""
        self._again.extendleft(reversed(self.held[1:]))
        self.held.clear()


def _record_too_large(line: int, *, n_lines: int) -> Finding:
    mb = MAX_RECORD_BYTES // 2**20
    if n_lines > 1:
        return _bad_quotes(line, "unexpected end of data")
    en = f"a row of more than {mb} MB, the limit for one row of a table; shorten it"
    return row_problem("row_too_large", line, en, f"这一行超过 {mb} MB，这是表格中一行的上限；请缩短内容")


def _too_many_cells(line: int) -> Finding:
    en = f"more than {MAX_COLUMNS} cells; is this a table?"
    return row_problem("too_many_cells", line, en, f"超过 {MAX_COLUMNS} 个单元格；这是表格吗？")


def _bad_quotes(line: int, reason: str) -> Finding:
    if "end of data" in reason:
        en = 'a text in double quotes starts in this row and never ends; close it with "'
        return row_problem("quote_not_closed", line, en, "这一行中有一段文本的双引号没有结束；请补上结尾的双引号")
    if "expected after" in reason:
        en = 'a double quote inside a text in double quotes; write it twice: ""'
        return row_problem("quote_not_doubled", line, en, '双引号括起的文本中还有双引号；请写成两个："" ')
    en = f"not a row of a table ({reason})"
    return row_problem("bad_table_row", line, en, f"无法作为表格的一行读取（{reason}）")
