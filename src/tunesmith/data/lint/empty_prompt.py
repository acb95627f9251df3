"""Rows without a prompt: open-ended generation."""

from __future__ import annotations

from dataclasses import dataclass, field

from tunesmith.data.lint.check import Check, Lines, LintContext, LintRow, Texts, finding
from tunesmith.findings import Finding

CODES = ("empty_prompt",)

_SOME = Texts(
    "{count} of {n_rows} rows have an empty prompt ({where}): the model learns to answer before it is asked",
    "{n_rows} 行中有 {count} 行的提示词是空的（{where}）：模型会学成没有问题也回答",
)
_ALL = Texts(
    "every row has an empty prompt: that is open-ended generation, the model learns to write texts like these",
    "所有行的提示词都是空的：这是开放式生成，模型会学着写出类似的文本",
)


@dataclass(slots=True)
class EmptyPrompt(Check):
    n_rows: int = 0
    lines: Lines = field(default_factory=Lines)

    def see(self, row: LintRow) -> None:
        if row.example is None:
            return
        self.n_rows += 1
        if (not row.prompt or row.prompt.isspace()) and "t" not in row.roles:
            self.lines.add(row.line)

    def merge(self, later: EmptyPrompt) -> None:
        self.n_rows += later.n_rows
        self.lines.merge(later.lines)

    def findings(self) -> list[Finding]:
        if not self.lines.count:
            return []
        if self.lines.count == self.n_rows:
            return [finding("empty_prompt", "info", _ALL, lines=self.lines)]
        return [finding("empty_prompt", "warning", _SOME, lines=self.lines, n_rows=self.n_rows)]


def make(context: LintContext) -> EmptyPrompt:
    return EmptyPrompt()
