"""Many rows, and many passes over them."""

from __future__ import annotations

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.advice import change
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.thresholds import MANY_ROWS, TOO_MANY_EPOCHS

CODE = "many_epochs"


def check(curves: Curves) -> Finding | None:
    if curves.n_examples <= MANY_ROWS or curves.n_epochs < TOO_MANY_EPOCHS:
        return None
    return notice(
        CODE,
        "warning",
        f"{curves.n_epochs} passes over {curves.n_examples:,} rows: above {MANY_ROWS:,} rows fewer than "
        f"{TOO_MANY_EPOCHS} are enough, and the rest is time and over-fitting.",
        f"{curves.n_examples} 行数据训练 {curves.n_epochs} 轮：超过 {MANY_ROWS} 行时，少于 {TOO_MANY_EPOCHS} 轮就够了，"
        "再多只会浪费时间并过拟合。",
        next_actions=[change(curves, "n_epochs", 2)],
        n_examples=curves.n_examples,
        n_epochs=curves.n_epochs,
    )
