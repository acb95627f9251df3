"""A file and what it is: its table, the dialect of its rows, and which columns stand for which fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from tunesmith.data.detection import Detection, as_told, findings_of, look_at, unknown_format
from tunesmith.data.examples import Example
from tunesmith.data.formats import FormatName
from tunesmith.data.formats.detect import read_as
from tunesmith.data.formats.fields import FIELDS
from tunesmith.data.formats.row_report import RowReport, kind, kind_zh
from tunesmith.data.given_mapping import check_mapping
from tunesmith.data.shapes import as_flag, as_text, as_tools, from_cell, joined_messages
from tunesmith.data.tables import Row, Table, open_table
from tunesmith.errors import InvalidFile
from tunesmith.findings import Finding

# Enough to tell a dialect; a file that changes later is found row by row.
N_SAMPLES = 200

# Rows may be large; these are many of the usual ones.
MAX_SAMPLE_BYTES = 4 * 2**20

_TABLES = ("csv", "tsv", "xlsx", "txt", "parquet")


@dataclass(frozen=True)
class Source:
    """A file that can be read row by row, as often as wanted."""

    table: Table
    detection: Detection
    _sources_of: dict[str, list[str]] = field(init=False, repr=False)
    _is_plain: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_field: dict[str, list[str]] = {}
        for column, name in self.detection.mapping.items():
            by_field.setdefault(name, []).append(column)
        object.__setattr__(self, "_sources_of", by_field)
        object.__setattr__(self, "_is_plain", not self.detection.is_mapped and not self._has_cells)

    @property
    def _has_cells(self) -> bool:
        return self.table.container in _TABLES

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def path(self) -> Path:
        return self.table.path

    @property
    def format(self) -> FormatName | None:
        return self.detection.format

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was noticed of the file as a whole: its bytes and container, and how its columns are read."""
        return (*self.table.findings, *findings_of(self.detection))

    def rows(self) -> Iterator[Row | Finding]:
        """Every row in the shape of `format`, or the finding that says why it cannot be read."""
        for row in self.table.rows():
            if isinstance(row, Finding):
                yield row
            elif isinstance(row.value, dict):
                yield row if self._is_plain else Row(row.line, self.map_value(row.value))
            else:
                yield not_an_object(row)

    def map_value(self, value: dict[str, Any]) -> dict[str, Any]:
        """One raw row in the shape of `format`; columns that stand for no field keep their names."""
        if self._is_plain:
            return value
        if not self.detection.is_mapped:
            is_text = self.detection.format in ("prompt_completion", "alpaca")
            return {key: from_cell(key, part, is_text=is_text) for key, part in value.items()}
        mapping = self.detection.mapping
        fields = FIELDS[self.detection.format] if self.detection.format else ()
        mapped = {
            name: _joined(name, [value[column] for column in columns if column in value])
            for name, columns in self._sources_of.items()
            if any(column in value for column in columns)
        }
        if mapping and "completion" in mapped and "prompt" not in mapped and "prompt" not in self._sources_of:
            mapped["prompt"] = ""
        return mapped | {key: part for key, part in value.items() if key not in mapping and key not in fields}

    def examples(self) -> Iterator[tuple[Row, Example | None, list[Finding]]]:
        """Every row with the example that it holds, and what is wrong with it. Raises InvalidFile without a format."""
        format = self.require_format()
        for number, row in enumerate(self.rows(), 1):
            if isinstance(row, Finding):
                yield Row(row.line or number, {}), None, [row]
                continue
            report = RowReport(row.line, number)
            example = read_as(format, row.value, report)
            yield row, example, report.findings

    def require_format(self) -> FormatName:
        """The format; raises InvalidFile with the columns there are and a mapping to try when there is none."""
        if self.detection.format is None:
            finding = unknown_format(self.detection)
            raise InvalidFile(f"{self.name}: {finding.message}", findings=[finding])
        return self.detection.format


def open_source(
    path: Path,
    *,
    name: str | None = None,
    format: FormatName | None = None,
    mapping: Mapping[str, str] | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
) -> Source:
    """Look at the first rows of a file and say what it is; `format` and `mapping` (column -> field) win over guesses.

    Raises InvalidFile for a file that cannot be read at all, InvalidRequest for a column or field that does not exist.
    """
    table = open_table(path, name=name, encoding=encoding, sheet=sheet)
    values = _first_values(table)
    samples = [value for value in values if isinstance(value, dict)]
    columns = tuple(table.columns or dict.fromkeys(key for row in samples for key in row))
    if mapping:
        check_mapping(mapping, columns, format)
        detection = as_told(mapping, format, samples, columns)
    else:
        detection = look_at(samples, columns, format, has_cells=table.container in _TABLES)
    return Source(table, detection)


def _first_values(table: Table) -> list[Any]:
    """The first rows' values: N_SAMPLES of them, fewer where they are large."""
    values: list[Any] = []
    size_bytes = 0
    for row in islice(table.rows(), N_SAMPLES):
        if isinstance(row, Row):
            values.append(row.value)
            size_bytes += len(orjson.dumps(row.value, default=str, option=orjson.OPT_NON_STR_KEYS))
        if size_bytes > MAX_SAMPLE_BYTES:
            break
    return values


def _joined(name: str, values: list[Any]) -> Any:
    """What several columns together are for one field."""
    if name == "messages":
        return joined_messages(values)
    if name == "tools":
        return as_tools(values[0])
    if name == "label":
        return as_flag(values[0])
    if name in ("history", "conversations"):
        return from_cell(name, values[0])
    if name in ("chosen", "rejected") and not isinstance(opened := from_cell(name, values[0]), str):
        return opened
    return "\n".join(text for value in values if (text := as_text(value)))


def not_an_object(row: Row) -> Finding:
    """What is said of a row that is JSON, but no object."""
    message = f"line {row.line}: this is {kind(row.value)}, expected a JSON object"
    zh = f"第 {row.line} 行：这是{kind_zh(row.value)}，应为 JSON 对象"
    return Finding("not_an_object", "error", message, row.line, None, {"kind": kind(row.value)}, zh)
