"""Rows become a file, in any container that can be written."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import orjson

from tunesmith.data.whole_file import whole_file
from tunesmith.errors import InvalidRequest

WrittenContainer = Literal["jsonl", "json", "csv", "tsv", "xlsx", "parquet"]
CONTAINERS: tuple[WrittenContainer, ...] = ("jsonl", "json", "csv", "tsv", "xlsx", "parquet")

_PARQUET_BATCH_ROWS = 1000
# What Excel itself can open.
_XLSX_MAX_ROWS = 1_048_576
_XLSX_MAX_CHARS = 32_767


@dataclass(frozen=True, slots=True)
class NotHeld:
    """Why a row does not fit into the container; it was not written."""

    code: str
    en: str
    zh: str


Write = Callable[[dict[str, Any]], NotHeld | None]


@contextmanager
def new_file(out: Path, container: str, columns: tuple[str, ...]) -> Iterator[Write]:
    """A function that writes rows to `out`, which appears when the block ends without an error.

    `columns` are those of a table; keys that are not among them are not written.
    """
    writers = {"jsonl": _jsonl, "json": _json, "csv": _csv, "tsv": _tsv, "xlsx": _xlsx, "parquet": _parquet}
    if container not in writers:
        raise InvalidRequest(f"cannot write {container}; expected one of {', '.join(CONTAINERS)}", param="container")
    with whole_file(out) as part, writers[container](part, columns) as write:
        yield write


@contextmanager
def _jsonl(path: Path, columns: tuple[str, ...]) -> Iterator[Write]:
    with path.open("wb") as stream:

        def write(row: dict[str, Any]) -> None:
            stream.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))

        yield write


@contextmanager
def _json(path: Path, columns: tuple[str, ...]) -> Iterator[Write]:
    with path.open("wb") as stream:
        separator = b"[\n"

        def write(row: dict[str, Any]) -> None:
            nonlocal separator
            stream.write(separator + orjson.dumps(row))
            separator = b",\n"

        yield write
        stream.write(b"\n]\n" if separator == b",\n" else b"[]\n")


@contextmanager
def _csv(path: Path, columns: tuple[str, ...], delimiter: str = ",") -> Iterator[Write]:
    # Excel reads a CSV as UTF-8 only with a BOM
    with path.open("w", encoding="utf-8-sig" if delimiter == "," else "utf-8", newline="") as stream:
        table = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
        table.writerow(columns)

        def write(row: dict[str, Any]) -> None:
            table.writerow(_cells(row, columns))

        yield write


def _tsv(path: Path, columns: tuple[str, ...]) -> Any:
    return _csv(path, columns, "\t")


@contextmanager
def _xlsx(path: Path, columns: tuple[str, ...]) -> Iterator[Write]:
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("rows")
    sheet.append(columns)
    n_rows = 1

    def write(row: dict[str, Any]) -> NotHeld | None:
        nonlocal n_rows
        cells = _cells(row, columns)
        if (longest := max(map(len, cells), default=0)) > _XLSX_MAX_CHARS:
            return NotHeld(
                "text_too_long",
                f"a cell of a workbook holds at most {_XLSX_MAX_CHARS:,} characters, this text has {longest:,}",
                f"工作簿的一个单元格最多 {_XLSX_MAX_CHARS:,} 个字符，这段文字有 {longest:,} 个",
            )
        if any(map(ILLEGAL_CHARACTERS_RE.search, cells)):
            en = "a workbook cannot hold control characters"
            return NotHeld("control_character_not_held", en, "工作簿不能保存控制字符")
        n_rows += 1
        if n_rows > _XLSX_MAX_ROWS:
            raise InvalidRequest(f"a workbook holds {_XLSX_MAX_ROWS:,} rows; write csv or jsonl", param="container")
        sheet.append([_literal(sheet, cell) for cell in cells])
        return None

    try:
        yield write
    finally:  # also after a failure, when the file goes away again: only this closes what openpyxl holds open
        book.save(path)


def _literal(sheet: Any, text: str) -> Any:
    """A cell of text, also where the text begins like a formula."""
    from openpyxl.cell import WriteOnlyCell

    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    return cell


@contextmanager
def _parquet(path: Path, columns: tuple[str, ...]) -> Iterator[Write]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.string()) for name in columns])
    waiting: list[list[str]] = []

    def flush() -> None:
        values = [[cells[at] for cells in waiting] for at in range(len(columns))]
        writer.write_table(pa.table(values, schema=schema))
        waiting.clear()

    def write(row: dict[str, Any]) -> None:
        waiting.append(_cells(row, columns))
        if len(waiting) == _PARQUET_BATCH_ROWS:
            flush()

    with pq.ParquetWriter(path, schema) as writer:
        yield write
        flush()


def _cells(row: dict[str, Any], columns: tuple[str, ...]) -> list[str]:
    return [_cell(row.get(column)) for column in columns]


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)
