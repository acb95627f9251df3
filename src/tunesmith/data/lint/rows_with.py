"""The commonest kind of check: a look at one row alone, one finding about all rows that have it, perhaps one fix."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tunesmith.data.formats.row_report import cut
from tunesmith.data.lint.check import Check, Fix, Lines, LintRow, RowFix, Texts, finding
from tunesmith.findings import Finding, Severity


@dataclass(frozen=True, slots=True)
class Mend:
    """A fix before the file has been read: `change` mends one row; without it the rows found are removed."""

    code: str
    texts: Texts
    change: RowFix | None = None
    recommended: bool = True


@dataclass(slots=True)
class RowsWith(Check):
    """`look` answers what it found in a row (shown to the user), or None; it must be a function that can be pickled.

    The texts may use {count}, {where}, {example} (the first thing found) and {share} (per cent of the rows).
    """

    code: str
    severity: Severity
    texts: Texts
    look: Callable[[LintRow], str | None]
    mend: Mend | None = None
    n_rows: int = 0
    lines: Lines = field(default_factory=Lines)
    positions: array[int] = field(default_factory=lambda: array("Q"))
    example: str = ""

    def see(self, row: LintRow) -> None:
        self.n_rows += 1
        found = self.look(row)
        if found is not None:
            self.note(row, found)

    def note(self, row: LintRow, found: str) -> None:
        """What `see` does with a row in which `look` found something."""
        self.example = self.example or cut(found)
        self.lines.add(row.line)
        if self.mend is not None and self.mend.change is None:
            self.positions.append(row.position)

    def merge(self, later: RowsWith) -> None:
        self.n_rows += later.n_rows
        self.lines.merge(later.lines)
        self.positions.extend(later.positions)
        self.example = self.example or later.example

    def findings(self) -> list[Finding]:
        if not self.lines.count:
            return []
        facts: dict[str, Any] = {"share": percent(self.lines.count, self.n_rows)}
        if self.example:
            facts["example"] = self.example
        fix = self.mend.code if self.mend else None
        return [finding(self.code, self.severity, self.texts, lines=self.lines, fix=fix, **facts)]

    def fixes(self) -> list[Fix]:
        mend = self.mend
        if mend is None or not self.lines.count:
            return []
        return [Fix(mend.code, mend.texts, mend.recommended, mend.change, self.positions)]


class Checks(Check):
    """Several checks of one file that belong together."""

    def __init__(self, *checks: Check) -> None:
        self.checks = checks

    def see(self, row: LintRow) -> None:
        for check in self.checks:
            check.see(row)

    def merge(self, later: Checks) -> None:
        for check, same in zip(self.checks, later.checks, strict=True):
            check.merge(same)

    def findings(self) -> list[Finding]:
        return [finding for check in self.checks for finding in check.findings()]

    def fixes(self) -> list[Fix]:
        return [fix for check in self.checks for fix in check.fixes()]


def percent(part: int, whole: int) -> float:
    """Per cent; whole numbers from 1 % on, one or two digits below."""
    value = 100 * part / whole if whole else 0.0
    return round(value) if value >= 1 else round(value, 1 if value >= 0.1 else 2)
