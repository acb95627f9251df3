"""A validation file too small to tell one model from another."""

from __future__ import annotations

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.advice import Advice
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.thresholds import VALIDATION_SAYS_NOTHING, VALIDATION_TELLS

CODE = "few_validation_rows"


def check(curves: Curves) -> Finding | None:
    n = curves.n_validation_examples
    if not 0 < n < VALIDATION_TELLS:
        return None
    points = 100 * 0.5 / n**0.5
    more = Advice(
        f"validate on at least {VALIDATION_TELLS} rows",
        f"验证集至少 {VALIDATION_TELLS} 行",
        {"validation_rows": VALIDATION_TELLS},
    )
    return notice(
        CODE,
        "warning" if n < VALIDATION_SAYS_NOTHING else "info",
        f"{n} validation rows know the share of right answers to about +-{points:.0f} points: "
        "do not choose a checkpoint by them.",
        f"验证集只有 {n} 行，正确率的误差约为 ±{points:.0f} 个百分点：不要据此挑选检查点。",
        next_actions=[more],
        n_validation_examples=n,
        points=points,
    )
