"""The loss still falls when the run ends: more of the same would have helped."""

from __future__ import annotations

from tunesmith.findings import Finding
from tunesmith.training.auto import MAX_EPOCHS
from tunesmith.training.diagnosis.advice import Advice, change, faster
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.shape import blocks, difference_error
from tunesmith.training.diagnosis.thresholds import (
    FEW_STEPS,
    FLAT_LOSS,
    LOW_MULTIPLIER,
    SIGNIFICANT_SE,
    STILL_FALLING,
    VERY_FEW_STEPS,
)

CODE = "under_trained"


def check(curves: Curves) -> Finding | None:
    if not curves.is_over:
        return None
    parts = blocks(curves.train_loss, n=4)
    if len(parts) < 2:
        return None
    before, last = parts[-2], parts[-1]
    fall = before.mean - last.mean
    multiplier = float(curves.hyperparameters["learning_rate_multiplier"])
    is_slow = multiplier <= LOW_MULTIPLIER
    is_short = curves.total_steps < FEW_STEPS
    falls = fall > STILL_FALLING * before.mean and fall > SIGNIFICANT_SE / 2 * difference_error(before, last)
    is_hardly_begun = curves.total_steps < VERY_FEW_STEPS and last.mean < parts[0].mean
    if not (is_hardly_begun or (falls and (is_slow or is_short))) or last.mean < FLAT_LOSS:
        return None
    if is_hardly_begun:
        before = parts[0]
    actions: list[Advice] = []
    if is_slow:
        actions.append(faster(curves))
    if is_short and curves.n_epochs < MAX_EPOCHS:
        actions.append(change(curves, "n_epochs", min(MAX_EPOCHS, 2 * curves.n_epochs)))
    batch_size = int(curves.hyperparameters["batch_size"])
    if is_short and batch_size > 1:
        actions.append(change(curves, "batch_size", max(1, batch_size // 4)))
    return notice(
        CODE,
        "warning",
        f"The run ended too early: the training loss still fell from {before.mean:.2f} to {last.mean:.2f} over its "
        f"last {last.last - before.first + 1} of {curves.total_steps} steps.",
        f"训练结束得太早：最后 {last.last - before.first + 1} 步（共 {curves.total_steps} 步）里，"
        f"训练损失仍从 {before.mean:.2f} 降到 {last.mean:.2f}。",
        next_actions=actions,
        before_loss=before.mean,
        last_loss=last.mean,
        standard_error=difference_error(before, last),
        first_step=before.first,
        last_step=last.last,
        total_steps=curves.total_steps,
    )
