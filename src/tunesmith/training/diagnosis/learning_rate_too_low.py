"""A rate far under the derived one, and a loss that has hardly moved or still falls steadily at the end."""

from __future__ import annotations

from tunesmith.findings import Finding
from tunesmith.training.diagnosis import flat, under_trained
from tunesmith.training.diagnosis.advice import faster
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.shape import blocks
from tunesmith.training.diagnosis.thresholds import FLAT_LOSS, LOW_MULTIPLIER, STILL_FALLING

CODE = "learning_rate_too_low"


def check(curves: Curves) -> Finding | None:
    multiplier = float(curves.hyperparameters["learning_rate_multiplier"])
    is_slow = flat.check(curves) or under_trained.check(curves) or _validation_still_falls(curves)
    if multiplier > LOW_MULTIPLIER or not is_slow:
        return None
    parts = blocks(curves.train_loss)
    first, last = parts[0], parts[-1]
    rate = float(curves.hyperparameters["learning_rate"]) * multiplier
    return notice(
        CODE,
        "warning",
        f"The learning rate, {rate:.2g}, is {multiplier:g} of the derived one: in {curves.step} steps the training "
        f"loss went from {first.mean:.2f} only to {last.mean:.2f}.",
        f"学习率 {rate:.2g} 只有推荐值的 {multiplier:g} 倍：{curves.step} 步里训练损失只从 {first.mean:.2f} "
        f"到 {last.mean:.2f}。",
        next_actions=[faster(curves)],
        learning_rate=rate,
        learning_rate_multiplier=multiplier,
        first_loss=first.mean,
        last_loss=last.mean,
        first_step=last.first,
        last_step=last.last,
    )


def _validation_still_falls(curves: Curves) -> bool:
    """Whether the last epoch brought as much as a run that has not arrived gains."""
    if not curves.is_over or len(curves.full_valid) < 2:
        return False
    (_, _, before), (_, _, last) = curves.full_valid[-2:]
    return last > FLAT_LOSS and last < (1 - STILL_FALLING / 2) * before
