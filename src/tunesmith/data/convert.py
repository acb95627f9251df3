"""A file in one format becomes a file in another; what the new format cannot hold is counted and said."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import orjson

from tunesmith.data.formats import FORMATS, FormatName
from tunesmith.data.formats.detect import DESCRIPTIONS, DESCRIPTIONS_ZH, read_as
from tunesmith.data.formats.losses import LOSSES, is_whole_row
from tunesmith.data.formats.row_report import RowReport
from tunesmith.data.sources import Source
from tunesmith.errors import InvalidRequest
from tunesmith.findings import MAX_ROWS, Finding

WrittenContainer = Literal["jsonl", "json", "csv", "tsv", "xlsx", "parquet"]
CONTAINERS: tuple[WrittenContainer, ...] = ("jsonl", "json", "csv", "tsv", "xlsx", "parquet")

COLUMNS: dict[FormatName, tuple[str, ...]] = {
    "chat": ("messages", "tools", "parallel_tool_calls", "label"),
    "prompt_completion": ("prompt", "completion"),
    "alpaca": ("instruction", "input", "output", "system", "history"),
    "sharegpt": ("conversations", "system", "tools", "parallel_tool_calls", "label"),
    "preference": ("input", "preferred_output", "non_preferred_output"),
    "reinforcement": ("messages", "tools", "parallel_tool_calls"),
}
"""Of a table in this format; what is not text stands in its cell as JSON text."""

_PARQUET_BATCH_ROWS = 1000
# What Excel itself can open.
_XLSX_MAX_ROWS = 1_048_576
_XLSX_MAX_CHARS = 32_767

Write = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Conversion:
    """How many rows there were, were written and were left out; `findings` say what was lost and where."""

    n_rows: int
    n_written: int
    n_skipped: int
    findings: list[Finding]

    def to_json(self) -> dict[str, Any]:
        return {
            "n_rows": self.n_rows,
            "n_written": self.n_written,
            "n_skipped": self.n_skipped,
            "findings": [finding.to_json() for finding in self.findings],
        }


def convert(source: Source, *, to: FormatName, out: Path, container: WrittenContainer = "jsonl") -> Conversion:
    """Write the source's rows to `out` in another format, streaming; `out` appears whole or not at all.

    A row that is wrong, or that the format cannot hold, is left out and named in the findings. Raises InvalidFile when
    the source is in no known format, InvalidRequest when `out` is the source itself or the container cannot be written.
    """
    source.require_format()
    if out.exists() and out.samefile(source.path):
        raise InvalidRequest(f"{out} is the file that is being read; choose another name for the result", param="out")
    tally = _Tally(to)
    with _new_file(out, container, COLUMNS[to], is_open=to == "reinforcement") as write:
        for row in tally.rows(source):
            write(row)
    return tally.told()


def conversion_losses(source: Source, *, to: FormatName) -> Conversion:
    """What `convert` would say, without writing anything."""
    source.require_format()
    tally = _Tally(to)
    for _ in tally.rows(source):
        pass
    return tally.told()


class _Tally:
    """The rows in the new format, and what was lost on the way to it."""

    def __init__(self, to: FormatName) -> None:
        self._to: FormatName = to
        self._n_rows = self._n_written = 0
        self._lost: dict[str, tuple[int, list[int]]] = {}
        self._bad: dict[tuple[str, str], tuple[int, list[int], Finding]] = {}
        self._unused: dict[str, tuple[int, list[int]]] = {}

    def rows(self, source: Source) -> Iterator[dict[str, Any]]:
        dialect, format = FORMATS[self._to], source.require_format()
        for number, row in enumerate(source.rows(), 1):
            self._n_rows += 1
            if isinstance(row, Finding):
                self._note_bad(row)
                continue
            report = RowReport(row.line, number)
            example = read_as(format, row.value, report)
            for finding in report.findings:
                if finding.severity != "warning":
                    self._note_bad(finding)
            if example is None:
                continue
            for key, _ in report.unused_keys:
                _count(self._unused, key, row.line)
            codes = dialect.losses(example)
            if is_whole_row(codes):
                _count(self._lost, next(code for code in codes if LOSSES[code].is_whole_row), row.line)
                continue
            for code in codes:
                _count(self._lost, code, row.line)
            self._n_written += 1
            yield dialect.write(example)

    def _note_bad(self, finding: Finding) -> None:
        key = (finding.code, finding.severity)
        count, lines, first = self._bad.get(key, (0, [], finding))
        if finding.line is not None and len(lines) < MAX_ROWS and lines[-1:] != [finding.line]:
            lines.append(finding.line)
        self._bad[key] = (count + 1, lines, first)

    def told(self) -> Conversion:
        findings = [
            Finding(
                code,
                first.severity,
                first.message,
                first.line,
                first.field,
                first.facts,
                first.message_zh,
                rows=tuple(lines),
                count=count,
            )
            for (code, _), (count, lines, first) in self._bad.items()
        ]
        for code, (count, lines) in self._lost.items():
            findings.append(_lost_finding(code, count, lines, self._to, self._n_rows))
        for key, (count, lines) in self._unused.items():
            message = f'key "{key}" is not part of the format and was left out of {count} rows'
            zh = f"键 “{key}” 不属于该格式，有 {count} 行略去了它"
            facts = {"key": key}
            findings.append(
                Finding("unused_key", "info", message, facts=facts, message_zh=zh, rows=tuple(lines), count=count)
            )
        return Conversion(self._n_rows, self._n_written, self._n_rows - self._n_written, findings)


def _count(counts: dict[str, tuple[int, list[int]]], key: str, line: int) -> None:
    count, lines = counts.get(key, (0, []))
    if len(lines) < MAX_ROWS:
        lines.append(line)
    counts[key] = (count + 1, lines)


def _lost_finding(code: str, count: int, lines: list[int], to: FormatName, n_rows: int) -> Finding:
    loss = LOSSES[code]
    if loss.is_whole_row:
        message = f"{count} of {n_rows} rows cannot be written as {DESCRIPTIONS[to]} and were left out: {loss.en}"
        zh = f"{n_rows} 行中有 {count} 行不能写成{DESCRIPTIONS_ZH[to]}，已略去：{loss.zh}"
    else:
        message = f"in {count} of {n_rows} rows {loss.en}: {DESCRIPTIONS[to]} cannot hold it"
        zh = f"{n_rows} 行中有 {count} 行：{loss.zh}（{DESCRIPTIONS_ZH[to]}无法保存）"
    facts = {"n_rows": n_rows, "to": to}
    return Finding(code, "warning", message, lines[0], None, facts, zh, rows=tuple(lines), count=count)


@contextmanager
def _new_file(out: Path, container: str, columns: tuple[str, ...], *, is_open: bool) -> Iterator[Write]:
    """A function that writes rows; the file is written beside `out` and takes its place at the end.

    `is_open` says that rows may have more keys than the columns; a table takes them from its first row.
    """
    writers = {"jsonl": _jsonl, "json": _json, "csv": _csv, "tsv": _tsv, "xlsx": _xlsx, "parquet": _parquet}
    if container not in writers:
        raise InvalidRequest(f"cannot write {container}; expected one of {', '.join(CONTAINERS)}", param="container")
    beside = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with writers[container](beside, columns, is_open) as write:
            yield write
        os.replace(beside, out)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _jsonl(path: Path, columns: tuple[str, ...], is_open: bool) -> Iterator[Write]:
    with path.open("wb") as stream:
        yield lambda row: _put(stream, orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def _put(stream: IO[bytes], data: bytes) -> None:
    stream.write(data)


@contextmanager
def _json(path: Path, columns: tuple[str, ...], is_open: bool) -> Iterator[Write]:
    with path.open("wb") as stream:
        separator = b"[\n"

        def write(row: dict[str, Any]) -> None:
            nonlocal separator
            stream.write(separator + orjson.dumps(row))
            separator = b",\n"

        yield write
        stream.write(b"\n]\n" if separator == b",\n" else b"[]\n")


@contextmanager
def _csv(path: Path, columns: tuple[str, ...], is_open: bool, delimiter: str = ",") -> Iterator[Write]:
    # Excel reads a CSV as UTF-8 only with a BOM
    with path.open("w", encoding="utf-8-sig" if delimiter == "," else "utf-8", newline="") as stream:
        table = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        header = _Header(columns, is_open, table.writerow)
        yield lambda row: table.writerow(header.cells(row))
        header.write_if_empty()


def _tsv(path: Path, columns: tuple[str, ...], is_open: bool) -> Any:
    return _csv(path, columns, is_open, "\t")


@contextmanager
def _xlsx(path: Path, columns: tuple[str, ...], is_open: bool) -> Iterator[Write]:
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("rows")
    header = _Header(columns, is_open, sheet.append)
    n_rows = 1

    def write(row: dict[str, Any]) -> None:
        nonlocal n_rows
        cells = header.cells(row)
        n_rows += 1
        longest = max(map(len, cells), default=0)
        if n_rows > _XLSX_MAX_ROWS or longest > _XLSX_MAX_CHARS or any(map(ILLEGAL_CHARACTERS_RE.search, cells)):
            what = (
                f"more than {_XLSX_MAX_ROWS:,} rows"
                if n_rows > _XLSX_MAX_ROWS
                else f"a text of {longest:,} characters (at most {_XLSX_MAX_CHARS:,})"
                if longest > _XLSX_MAX_CHARS
                else "a control character"
            )
            raise InvalidRequest(
                f"row {n_rows - 1}: a workbook cannot hold {what}; write csv or jsonl", param="container"
            )
        sheet.append([_Literal(sheet, cell) for cell in cells])

    yield write
    header.write_if_empty()
    book.save(path)


def _Literal(sheet: Any, text: str) -> Any:
    """A cell of text, also where the text begins like a formula."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell


@contextmanager
def _parquet(path: Path, columns: tuple[str, ...], is_open: bool) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names: list[str] = []
    header = _Header(columns, is_open, names.extend)
    waiting: list[list[str]] = []
    writer: pq.ParquetWriter | None = None

    def flush() -> None:
        nonlocal writer
        schema = pa.schema([(name, pa.string()) for name in names])
        if writer is None:
            writer = pq.ParquetWriter(path, schema)
        values = [[cells[at] for cells in waiting] for at in range(len(names))]
        writer.write_table(pa.table(values, schema=schema))
        waiting.clear()

    def write(row: dict[str, Any]) -> None:
        waiting.append(header.cells(row))
        if len(waiting) == _PARQUET_BATCH_ROWS:
            flush()

    yield write
    header.write_if_empty()
    flush()
    if writer is not None:
        writer.close()


class _Header:
    """The columns of a table, written before its first row."""

    def __init__(self, columns: tuple[str, ...], is_open: bool, write: Callable[[list[str]], object]) -> None:
        self._columns = list(columns)
        self._is_open = is_open
        self._write = write
        self._is_written = False

    def cells(self, row: dict[str, Any]) -> list[str]:
        if not self._is_written and self._is_open:
            self._columns += [key for key in row if key not in self._columns]
        self.write_if_empty()
        return [_cell(row.get(column)) for column in self._columns]

    def write_if_empty(self) -> None:
        if not self._is_written:
            self._write(list(self._columns))
            self._is_written = True


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
