"""Rows with an error that no other fix mends: they can be left out."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from tunesmith.data.lint.check import Check, Fix, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.roles import correct_roles
from tunesmith.data.lint.tool_calls import mend_tool_arguments
from tunesmith.findings import Finding

CODES = ("unusable_rows",)

_TEXTS = Texts(
    "{count} row(s) cannot be used as they are ({where}); correct them, or leave them out with the fix {fix_code}",
    "{count} 行目前无法使用（{where}）；请改正，或用修复 {fix_code} 去掉它们",
)
_REMOVE = Texts("remove rows with errors that nothing else mends", "删除无法自动修复的错误行")
_FIX = "remove_unusable_rows"

# Errors that other checks mend or remove by a fix of their own.
_MENDED = frozenset({"last_message_not_assistant", "no_assistant_message", "no_trained_tokens"})


@dataclass(slots=True)
class UnusableRows(Check):
    n_examples: int = 0
    lines: Lines = field(default_factory=Lines)
    positions: array[int] = field(default_factory=lambda: array("Q"))

    def see(self, row: LintRow) -> None:
        if row.example is not None:
            self.n_examples += 1
            return
        errors = {found.code for found in row.findings if found.severity == "error"} - _MENDED
        if "unknown_role" in errors and correct_roles(row.value) != row.value:
            errors.discard("unknown_role")
        if "bad_tool_calls" in errors and mend_tool_arguments(row.value) != row.value:
            errors.discard("bad_tool_calls")
        if errors:
            self.lines.add(row.line)
            self.positions.append(row.position)

    def merge(self, later: UnusableRows) -> None:
        self.n_examples += later.n_examples
        self.lines.merge(later.lines)
        self.positions.extend(later.positions)

    def findings(self) -> list[Finding]:
        if not self.fixes():
            return []
        return [finding("unusable_rows", "warning", _TEXTS, lines=self.lines, fix=_FIX, fix_code=_FIX)]

    def fixes(self) -> list[Fix]:
        # Where no row can be used, the file was not understood, and leaving out all of it helps nobody.
        if not self.lines.count or not self.n_examples:
            return []
        return [Fix(_FIX, _REMOVE, recommended=False, drops=self.positions)]


def make(context: LintContext) -> UnusableRows:
    return UnusableRows()
