"""The rows of a source that can be read, each known by its position; the others are counted and named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tunesmith.data.lint.blocks import is_by_line, lint_rows
from tunesmith.data.lint.check import LintRow
from tunesmith.data.sources import Source
from tunesmith.data.tables import Row
from tunesmith.findings import MAX_ROWS, Finding


@dataclass(slots=True)
class ReadableRows:
    """`n_skipped` and `findings` are known after `rows` has been read to its end."""

    source: Source
    n_skipped: int = 0
    _errors: list[Finding] = field(default_factory=list)

    def rows(self) -> Iterator[LintRow]:
        for row in lint_rows(self.source):
            if isinstance(row, LintRow) and row.example is not None:
                yield row
            else:
                self._note(row)

    def _note(self, row: LintRow | Finding) -> None:
        self.n_skipped += 1
        if len(self._errors) < MAX_ROWS:
            errors = [row] if isinstance(row, Finding) else row.findings
            self._errors += [error for error in errors if error.severity == "error"][:1]

    def findings(self) -> tuple[Finding, ...]:
        return (skipped_rows(self._errors, self.n_skipped),) if self._errors else ()


def skipped_rows(errors: Sequence[Finding], count: int) -> Finding:
    """That `count` rows were left out; `errors` are those of the first of them, at least one."""
    first = errors[0]
    message = f"{count} row(s) cannot be read and were left out; the first: {first.message}"
    zh = f"{count} 行无法读取，已略去；第一处：{first.text('zh')}"
    lines = tuple(error.line for error in errors if error.line is not None)
    return Finding("skipped_rows", "warning", message, first.line, None, {}, zh, rows=lines, count=count)


def rows_of(source: Source, positions: Sequence[int]) -> Iterator[Row]:
    """The rows at these rising positions, as the file's format writes them; reads the file again."""
    by_line = is_by_line(source)
    at = 0
    for number, row in enumerate(source.rows(), 1):
        if at == len(positions):
            return
        if isinstance(row, Row) and (row.line if by_line else number) == positions[at]:
            at += 1
            yield row
