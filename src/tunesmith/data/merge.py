"""Several files become one, in one format, without rows that come twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import xxhash

from tunesmith.data.formats import FORMATS, FormatName
from tunesmith.data.formats.detect import DESCRIPTIONS, read_as
from tunesmith.data.formats.losses import LOSSES, is_whole_row
from tunesmith.data.formats.row_report import RowReport
from tunesmith.data.lint.check import Lines
from tunesmith.data.new_jsonl import new_jsonl
from tunesmith.data.origin import with_origin_of
from tunesmith.data.readable_rows import skipped_rows
from tunesmith.data.sources import Source
from tunesmith.data.tables import Row
from tunesmith.errors import InvalidRequest
from tunesmith.findings import MAX_ROWS, Finding

# These hold a conversation to be trained on; a pair or a graded prompt is another kind of data.
_CONVERSATIONS = frozenset({"chat", "prompt_completion", "alpaca", "sharegpt"})


@dataclass(frozen=True, slots=True)
class MergedFile:
    """What became of one of the files."""

    name: str
    format: FormatName
    n_rows: int
    n_written: int
    n_duplicates: int
    n_skipped: int


@dataclass(frozen=True, slots=True)
class Merge:
    path: Path
    format: FormatName
    n_written: int
    files: tuple[MergedFile, ...]
    facts: dict[str, Any]
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        names = ("name", "format", "n_rows", "n_written", "n_duplicates", "n_skipped")
        return {
            "path": str(self.path),
            "format": self.format,
            "n_written": self.n_written,
            "files": [{name: getattr(file, name) for name in names} for file in self.files],
            "facts": self.facts,
            "findings": [finding.to_json() for finding in self.findings],
        }


def merge(sources: Sequence[Source], *, out: Path, to: FormatName | None = None, deduplicate: bool = False) -> Merge:
    """Write the rows of all files, one file after another, as JSONL.

    Files of one format keep their rows as they are; others become chat, which holds every conversation, or `to`.
    `deduplicate` keeps the first of equal rows (eight bytes of memory a row and what a Python set adds). Rows that
    cannot be read, or held by the format, are left out and named.

    Raises InvalidRequest for no file at all, or formats that are different kinds of data.
    """
    if not sources:
        raise InvalidRequest("name the files to merge", param="files")
    formats = [source.require_format() for source in sources]
    format = to or _common(sources, formats)
    seen: set[int] | None = set() if deduplicate else None
    findings: list[Finding] = []
    files: list[MergedFile] = []
    with new_jsonl(out, read=tuple(source.path for source in sources)) as write:
        for source in sources:
            reading = _Reading(source, format)
            n_written = n_duplicates = 0
            for row in reading.rows():
                if seen is not None:
                    key = xxhash.xxh3_64_intdigest(orjson.dumps(row, option=orjson.OPT_SORT_KEYS))
                    if key in seen:
                        n_duplicates += 1
                        continue
                    seen.add(key)
                write(row)
                n_written += 1
            files.append(
                MergedFile(
                    source.name, source.require_format(), reading.n_rows, n_written, n_duplicates, reading.n_skipped
                )
            )
            findings += reading.findings()
    facts = {"is_converted": len(set(formats)) > 1 or format != formats[0], "is_deduplicated": deduplicate}
    return Merge(out, format, sum(file.n_written for file in files), tuple(files), facts, tuple(findings))


def _common(sources: Sequence[Source], formats: Sequence[FormatName]) -> FormatName:
    if len(set(formats)) == 1:
        return formats[0]
    others = [(source, format) for source, format in zip(sources, formats, strict=True) if format not in _CONVERSATIONS]
    if others:
        kinds = "; ".join(f"{source.name} holds {DESCRIPTIONS[source.require_format()]}" for source in sources)
        raise InvalidRequest(
            f"these files hold different kinds of data: {kinds}. Merge files of one kind, or choose a format that all "
            "can become",
            param="files",
        )
    return "chat"


class _Reading:
    """The rows of one file in the common format, and what was lost."""

    def __init__(self, source: Source, to: FormatName) -> None:
        self._source = source
        self._to = to
        self._is_same = source.require_format() == to
        self.n_rows = self.n_skipped = 0
        self._n_unreadable = 0
        self._lost: dict[str, Lines] = {}
        self._errors: list[Finding] = []

    def rows(self) -> Iterator[dict[str, Any]]:
        for row in self._source.rows():
            self.n_rows += 1
            mapped = self._mapped(row)
            if mapped is None:
                self.n_skipped += 1
            else:
                yield mapped

    def _mapped(self, row: Row | Finding) -> dict[str, Any] | None:
        if isinstance(row, Finding):
            self._note(row)
            return None
        report = RowReport(row.line, self.n_rows)
        example = read_as(self._source.require_format(), row.value, report)
        if example is None:
            self._note(next(finding for finding in report.findings if finding.severity == "error"))
            return None
        if self._is_same:
            value: dict[str, Any] = row.value
            return value
        codes = FORMATS[self._to].losses(example)
        for code in codes:
            self._lost.setdefault(code, Lines()).add(row.line)
        return None if is_whole_row(codes) else with_origin_of(row.value, FORMATS[self._to].write(example))

    def _note(self, error: Finding) -> None:
        self._n_unreadable += 1
        if len(self._errors) < MAX_ROWS:
            self._errors.append(error)

    def findings(self) -> Iterator[Finding]:
        name = self._source.name
        if self._errors:
            told = skipped_rows(self._errors, self._n_unreadable)
            message, zh = f"{name}: {told.message}", f"{name}：{told.message_zh}"
            yield replace(told, message=message, message_zh=zh, facts={"file": name})
        for code, lines in self._lost.items():
            loss, count, rows = LOSSES[code], lines.count, tuple(lines.first)
            message = f"{name}: in {count} row(s) {loss.en}: {DESCRIPTIONS[self._to]} cannot hold it"
            zh = f"{name}：有 {count} 行：{loss.zh}"
            yield Finding(code, "warning", message, rows[0], None, {"file": name}, zh, rows=rows, count=count)
