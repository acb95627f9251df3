"""Everything lint remembers of the rows it has seen so far, or of one part of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tunesmith.data.lint.check import Check, LintContext, LintRow
from tunesmith.data.lint.registry import CHECKED_CODES, CheckModule
from tunesmith.data.lint.schema_findings import SchemaFindings
from tunesmith.data.lint.statistics import Statistics
from tunesmith.findings import Finding


@dataclass(slots=True)
class Part:
    """Picklable. `merge` takes in the part that follows, made with the same checks in the same order."""

    checks: list[Check]
    schema: SchemaFindings
    statistics: Statistics
    n_rows: int = 0
    n_examples: int = 0

    def see(self, row: LintRow) -> None:
        self.n_rows += 1
        if row.findings:
            self.schema.add([found for found in row.findings if found.code not in CHECKED_CODES], row.line)
        if row.example is not None:
            self.n_examples += 1
            self.statistics.see(row)
        for check in self.checks:
            check.see(row)

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


def new_part(modules: Sequence[CheckModule], context: LintContext) -> Part:
    return Part([module.make(context) for module in modules], SchemaFindings(), Statistics())


def chosen(
    modules: Sequence[CheckModule], *, only: Collection[str] | None = None, skip: Collection[str] = ()
) -> list[CheckModule]:
    """The checks that can say something that is wanted."""
    return [module for module in modules if any(wanted(code, only=only, skip=skip) for code in module.CODES)]


def wanted(code: str, *, only: Collection[str] | None = None, skip: Collection[str] = ()) -> bool:
    return code not in skip and (only is None or code in only)
