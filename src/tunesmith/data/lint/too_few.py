"""Too few examples to be accepted, or fewer than helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tunesmith.data.lint.check import Check, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.settings import LintSettings
from tunesmith.findings import Finding

CODES = ("too_few_examples", "few_examples")

_REFUSED = Texts(
    "{n_examples} usable example(s); at least {needed} are needed, from {advised} on the effect becomes clear",
    "只有 {n_examples} 个可用样本；至少需要 {needed} 个，{advised} 个以上效果才明显",
)
_ADVISED = Texts(
    "{n_examples} examples are accepted, but {advised} to {twice} good ones are advised",
    "{n_examples} 个样本可以训练，但建议准备 {advised} 到 {twice} 个高质量样本",
)


@dataclass(slots=True)
class TooFew(Check):
    settings: LintSettings
    n_examples: int = 0

    def see(self, row: LintRow) -> None:
        self.n_examples += row.example is not None

    def merge(self, later: TooFew) -> None:
        self.n_examples += later.n_examples

    def findings(self) -> list[Finding]:
        needed, advised = self.settings.min_examples, self.settings.advised_examples
        facts: dict[str, Any] = {
            "n_examples": self.n_examples,
            "needed": needed,
            "advised": advised,
            "twice": 2 * advised,
        }
        if self.n_examples < needed:
            return [finding("too_few_examples", "error", _REFUSED, **facts)]
        if self.n_examples < advised:
            return [finding("few_examples", "info", _ADVISED, **facts)]
        return []


def make(context: LintContext) -> TooFew:
    return TooFew(context.settings)
