"""The rows of a source as the checks see them: all of them, those of one block, or some that are looked at again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tunesmith.data.lint.check import LintRow
from tunesmith.data.lint.rows import lint_row
from tunesmith.data.sources import Source, not_an_object
from tunesmith.data.tables import Block, Row, parse_row
from tunesmith.findings import Finding


def is_by_line(source: Source) -> bool:
    """Whether every row has a line of its own, which then is its position."""
    return source.table.container == "jsonl"


def lint_rows(source: Source) -> Iterator[LintRow | Finding]:
    """Every row, or the finding that says why it cannot be read."""
    by_line = is_by_line(source)
    for number, row in enumerate(source.rows(), 1):
        if isinstance(row, Finding):
            yield row
        else:
            yield lint_row(row, row.line if by_line else number, format=source.format)


def block_rows(source: Source, block: Block) -> Iterator[LintRow | Finding]:
    """The rows of one block of JSON lines."""
    for row in block.rows():
        if isinstance(row, Finding):
            yield row
        elif isinstance(row.value, dict):
            yield lint_row(row, row.line, format=source.format, map_value=source.map_value)
        else:
            yield not_an_object(row)


def rows_at(source: Source, positions: Sequence[int]) -> Iterator[LintRow]:
    """The rows at these positions, which rise, read again; reading ends at the last of them.

    They must have been readable the first time.
    """
    if not positions:
        return
    if is_by_line(source):
        yield from _lines_at(source, positions)
        return
    wanted = set(positions)
    for number, row in enumerate(source.rows(), 1):
        if number in wanted and isinstance(row, Row):
            yield lint_row(row, number, format=source.format)
        if number >= positions[-1]:
            return


def _lines_at(source: Source, positions: Sequence[int]) -> Iterator[LintRow]:
    at = 0
    for block in source.table.blocks():
        end = block.first_line + block.data.count(b"\n") + (not block.data.endswith(b"\n"))
        if positions[at] >= end:
            continue
        lines = block.data.split(b"\n")
        while at < len(positions) and positions[at] < end:
            row = parse_row(positions[at], lines[positions[at] - block.first_line].strip())
            if isinstance(row, Row):
                yield lint_row(row, row.line, format=source.format, map_value=source.map_value)
            at += 1
        if at == len(positions):
            return
