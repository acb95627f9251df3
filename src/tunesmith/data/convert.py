"""A file in one format becomes a file in another; what the new format cannot hold is counted and said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunesmith.data.formats import FORMATS, FormatName
from tunesmith.data.formats.detect import NAMES, read_as
from tunesmith.data.formats.losses import LOSSES, is_whole_row
from tunesmith.data.formats.row_report import RowReport
from tunesmith.data.origin import with_origin_of
from tunesmith.data.sources import Source
from tunesmith.data.whole_file import check_place
from tunesmith.data.written_files import NotHeld, WrittenContainer, new_file
from tunesmith.errors import InvalidRequest
from tunesmith.findings import MAX_ROWS, Finding

# Some files have a key of its own in every row.
MAX_LISTED_KEYS = 50

MAX_COLUMNS = 10_000

COLUMNS: dict[FormatName, tuple[str, ...]] = {
    "chat": ("messages", "tools", "parallel_tool_calls", "label"),
    "prompt_completion": ("prompt", "completion"),
    "alpaca": ("instruction", "input", "output", "system", "history"),
    "sharegpt": ("conversations", "system", "tools", "parallel_tool_calls", "label"),
    "preference": ("input", "preferred_output", "non_preferred_output"),
    "reinforcement": ("messages", "tools", "parallel_tool_calls"),
}
"""Of a table in this format; what is not text stands in its cell as JSON text."""


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
    check_place(out, read=(source.path,))
    tally = _Tally(to)
    columns = COLUMNS[to] if to != "reinforcement" or container in ("jsonl", "json") else _item_columns(source)
    with new_file(out, container, columns) as write:
        for line, row in tally.rows(source):
            if reason := write(row):
                tally.note_not_held(line, reason, container)
    return tally.told()


def _item_columns(source: Source) -> tuple[str, ...]:
    """The columns of graded prompts: those of the format, and every field that some row has for its grader."""
    columns = dict.fromkeys(COLUMNS["reinforcement"])
    for _, row in _Tally("reinforcement").rows(source):
        columns |= dict.fromkeys(row)
        if len(columns) > MAX_COLUMNS:
            raise InvalidRequest(
                f"the rows have more than {MAX_COLUMNS:,} different keys; write jsonl", param="container"
            )
    if "" in columns:
        raise InvalidRequest("a key without a name cannot be a column; write jsonl", param="container")
    return tuple(columns)


class _Tally:
    """The rows in the new format, and what was lost on the way to it."""

    def __init__(self, to: FormatName) -> None:
        self._to: FormatName = to
        self._n_rows = self._n_written = 0
        self._lost: dict[str, tuple[int, list[int]]] = {}
        self._bad: dict[tuple[str, str], tuple[int, list[int], Finding]] = {}
        self._unused: dict[str, tuple[int, list[int]]] = {}

    def rows(self, source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
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
                if key in self._unused or len(self._unused) < MAX_LISTED_KEYS:
                    _count(self._unused, key, row.line)
            codes = dialect.losses(example)
            if is_whole_row(codes):
                _count(self._lost, next(code for code in codes if LOSSES[code].is_whole_row), row.line)
                continue
            for code in codes:
                _count(self._lost, code, row.line)
            self._n_written += 1
            yield row.line, with_origin_of(row.value, dialect.write(example))

    def note_not_held(self, line: int, reason: NotHeld, container: str) -> None:
        """A row that was given out but does not fit into the container."""
        self._n_written -= 1
        message = f"line {line}: the row cannot be written as {container} and was left out: {reason.en}"
        zh = f"第 {line} 行：不能写成 {container}，已略去：{reason.zh}"
        self._note_bad(Finding(reason.code, "warning", message, line, message_zh=zh))

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
    if len(lines) < MAX_ROWS and lines[-1:] != [line]:  # all rows of an array may stand on one line
        lines.append(line)
    counts[key] = (count + 1, lines)


def _lost_finding(code: str, count: int, lines: list[int], to: FormatName, n_rows: int) -> Finding:
    loss, (name, name_zh) = LOSSES[code], NAMES[to]
    if loss.is_whole_row:
        message = f"{count} of {n_rows} rows cannot be written as {name} and were left out: {loss.en}"
        zh = f"{n_rows} 行中有 {count} 行不能写成{_spaced(name_zh)}，已略去：{loss.zh}"
    else:
        message = f"in {count} of {n_rows} rows {loss.en}: {name} cannot hold it"
        zh = f"{n_rows} 行中有 {count} 行：{loss.zh}（{name_zh}无法保存）"
    facts = {"n_rows": n_rows, "to": to}
    return Finding(code, "warning", message, lines[0], None, facts, zh, rows=tuple(lines), count=count)


def _spaced(name_zh: str) -> str:
    """A name after Chinese text: with a space before it where it begins with a Latin letter."""
    return f" {name_zh}" if name_zh[0].isascii() else name_zh
