"""Everything lint remembers of the rows it has seen so far, or of one part of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from tunesmith.data.lint.check import Check, Fix, LintContext, LintRow
from tunesmith.data.lint.registry import CHECKED_CODES, CheckModule
from tunesmith.data.lint.rows_with import Checks, RowsWith
from tunesmith.data.lint.schema_findings import SchemaFindings
from tunesmith.data.lint.statistics import Statistics
from tunesmith.findings import Finding


class Part:
    """Picklable. `merge` takes in the part that follows, made with the same checks in the same order."""

    def __init__(self, checks: list[Check]) -> None:
        self.checks = checks
        self.schema = SchemaFindings()
        self.statistics = Statistics()
        self.n_rows = 0
        self.n_examples = 0
        self._eyes = _Eyes(checks)

    def see(self, row: LintRow) -> None:
        self.n_rows += 1
        if row.findings:
            self.schema.add([found for found in row.findings if found.code not in CHECKED_CODES], row.line)
        if row.example is not None:
            self.n_examples += 1
            self.statistics.see(row)
        self._eyes.see(row)

    def see_unreadable(self, finding: Finding) -> None:
        self.n_rows += 1
        self.schema.add([finding], finding.line or 0)

    def merge(self, later: Part) -> None:
        self.n_rows += later.n_rows
        self.n_examples += later.n_examples
        self.schema.merge(later.schema)
        self.statistics.merge(later.statistics)
        for check, more in zip(self.checks, later.checks, strict=True):
            check.merge(more)

    def findings(self) -> list[Finding]:
        self._eyes.close()
        found = self.schema.findings()
        for check in self.checks:
            found += check.findings()
        return found

    def fixes(self) -> dict[str, Fix]:
        """By their codes; known once the findings are."""
        return {fix.code: fix for check in self.checks for fix in check.fixes()}

    def __getstate__(self) -> dict[str, Any]:
        self._eyes.close()
        return self.__dict__ | {"_eyes": _Eyes([])}


class _Eyes:
    """All checks looking at one row after another. Nine rows in ten have nothing to see, so calls are what costs.

    A RowsWith check is asked for its look alone; the rows it has seen are counted for all of them together.
    """

    def __init__(self, checks: Sequence[Check]) -> None:
        each = [one for check in checks for one in (check.checks if type(check) is Checks else (check,))]
        self._looking = [check for check in each if type(check) is RowsWith]
        self._looks = [(check.look, check.note) for check in self._looking]
        self._others = [check.see for check in each if type(check) is not RowsWith]
        self._n_rows = 0

    def see(self, row: LintRow) -> None:
        self._n_rows += 1
        for look, note in self._looks:
            found = look(row)
            if found is not None:
                note(row, found)
        for see in self._others:
            see(row)

    def close(self) -> None:
        """Before the checks are asked: tell them how many rows they have seen."""
        for check in self._looking:
            check.n_rows += self._n_rows
        self._n_rows = 0


def new_part(modules: Sequence[CheckModule], context: LintContext) -> Part:
    return Part([module.make(context) for module in modules])


def chosen(
    modules: Sequence[CheckModule], *, only: Collection[str] | None = None, skip: Collection[str] = ()
) -> list[CheckModule]:
    """The checks that can say something that is wanted."""
    return [module for module in modules if any(wanted(code, only=only, skip=skip) for code in module.CODES)]


def wanted(code: str, *, only: Collection[str] | None = None, skip: Collection[str] = ()) -> bool:
    return code not in skip and (only is None or code in only)
