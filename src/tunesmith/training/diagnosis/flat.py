"""Nothing learnt: the training loss ends where it began."""

from __future__ import annotations

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.advice import Advice, faster
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.shape import blocks, difference_error
from tunesmith.training.diagnosis.thresholds import FLAT_FALL, FLAT_LOSS, LOW_MULTIPLIER, SIGNIFICANT_SE

CODE = "flat"
_SHARE_TO_JUDGE = 0.5  # before half of the run a slow start may still come to something


def check(curves: Curves) -> Finding | None:
    parts = blocks(curves.train_loss)
    if len(parts) < 4 or curves.step < _SHARE_TO_JUDGE * curves.total_steps:
        return None
    first, last = parts[0], parts[-1]
    fall = first.mean - last.mean
    is_noise = fall < SIGNIFICANT_SE * difference_error(first, last)
    validation_learns = (
        curves.base_valid_loss is not None
        and bool(curves.full_valid)
        and min(loss for _, _, loss in curves.full_valid) < (1 - FLAT_FALL) * curves.base_valid_loss
    )
    has_nothing_to_learn = first.mean < FLAT_LOSS
    if fall > 2 * FLAT_FALL * first.mean or not (is_noise or fall < FLAT_FALL * first.mean):
        return None
    if validation_learns or has_nothing_to_learn:
        return None
    multiplier = float(curves.hyperparameters["learning_rate_multiplier"])
    is_slow = multiplier <= LOW_MULTIPLIER
    rate = float(curves.hyperparameters["learning_rate"]) * multiplier
    why = (
        f": the learning rate, {rate:.2g}, is too small for {curves.total_steps} steps"
        if is_slow
        else ". Do the answers follow from the questions?"
    )
    why_zh = f"：学习率 {rate:.2g} 对 {curves.total_steps} 步来说太小" if is_slow else "。请检查回答与问题是否对得上"
    rows = Advice("look whether the answers fit their questions", "检查回答与问题是否对应", {"look_at": "rows"})
    return notice(
        CODE,
        "warning",
        f"Nothing was learnt: the training loss is {last.mean:.2f} in steps {last.first} to {last.last}, "
        f"{first.mean:.2f} in the first {first.last}{why}.",
        f"没有学到东西：第 {last.first} 到 {last.last} 步的训练损失是 {last.mean:.2f}，"
        f"前 {first.last} 步是 {first.mean:.2f}{why_zh}。",
        next_actions=[faster(curves)] if is_slow else [faster(curves), rows],
        first_loss=first.mean,
        last_loss=last.mean,
        standard_error=difference_error(first, last),
        first_step=last.first,
        last_step=last.last,
        learning_rate=rate,
    )
