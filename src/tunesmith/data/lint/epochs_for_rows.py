"""What the number of examples means for epochs and batches: facts for the choice of hyperparameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tunesmith.data.auto_epochs import auto_epochs
from tunesmith.data.lint.check import Check, LintContext, LintRow, Texts, finding
from tunesmith.findings import Finding

CODES = ("epochs_for_rows",)

_TEXTS = Texts(
    "{n_examples} examples: n_epochs auto makes {epochs} passes over them; many more (the loss falls to 0) make a "
    "model that recites them. batch_size can be {n_examples} at most; every answer gets its end token in training",
    "{n_examples} 个样本：n_epochs 为 auto 时训练 {epochs} 轮；再多很多轮（loss 降到 0）模型就只会背诵。"
    "batch_size 最多 {n_examples}；训练时每个回答都会自动加上结束符",
)


@dataclass(slots=True)
class EpochsForRows(Check):
    n_examples: int = 0

    def see(self, row: LintRow) -> None:
        self.n_examples += row.example is not None

    def merge(self, later: EpochsForRows) -> None:
        self.n_examples += later.n_examples

    def findings(self) -> list[Finding]:
        if not self.n_examples:
            return []
        facts: dict[str, Any] = {"n_examples": self.n_examples, "epochs": auto_epochs(self.n_examples)}
        return [finding("epochs_for_rows", "info", _TEXTS, **facts)]


def make(context: LintContext) -> EpochsForRows:
    return EpochsForRows()
