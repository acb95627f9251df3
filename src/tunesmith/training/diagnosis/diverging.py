"""Training that made the loss worse: above where it began, or far above its best and staying there."""

from __future__ import annotations

import numpy as np

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.advice import slower
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.shape import Block, blocks, difference_error, enough_blocks
from tunesmith.training.diagnosis.thresholds import (
    RISE_ABOVE_BEST,
    RISES_ABOVE_START,
    SMALLEST_LOSS,
    SURE_ANYWHERE_SE,
)

CODE = "diverging"
_FIRST = 2  # the warm-up's first updates change next to nothing: these losses are the base model's
_WINDOW = 6


def check(curves: Curves) -> Finding | None:
    return _above_start(curves) or _above_best(curves)


def _above_start(curves: Curves) -> Finding | None:
    """The highest mean of a few steps, early or late, against the loss before training."""
    width = max(_WINDOW, 2 * _WINDOW // int(curves.hyperparameters["batch_size"]))
    if curves.step < _FIRST + 2 * width:
        return None
    losses = np.asarray(curves.train_loss)
    start = float(losses[:_FIRST].mean())
    if curves.base_valid_loss is not None:
        start = max(start, min(curves.base_valid_loss, 2 * start))
    means = np.convolve(losses[_FIRST:], np.ones(width) / width, mode="valid")
    worst = int(means.argmax())
    window = losses[_FIRST + worst : _FIRST + worst + width]
    noise = float(window.std(ddof=1) / np.sqrt(width))
    sure = (means[worst] - start) / max(noise, SMALLEST_LOSS)
    is_clear = any(means[worst] > ratio * start and sure > errors for ratio, errors in RISES_ABOVE_START)
    if not is_clear or np.median(window) <= start:
        return None
    first, last = _FIRST + worst + 1, _FIRST + worst + width
    rate = max(curves.learning_rate[first - 1 : last])
    return notice(
        CODE,
        "warning",
        f"The training loss climbed to {means[worst]:.2f} in steps {first} to {last}, above the {start:.2f} it began "
        f"with: the learning rate, {rate:.2g} by then, broke what the model knew.",
        f"训练损失在第 {first} 到 {last} 步升到 {means[worst]:.2f}，高于开始时的 {start:.2f}："
        f"当时的学习率 {rate:.2g} 破坏了模型原有的能力。",
        next_actions=[slower(curves, factor=0.25)],
        start_loss=start,
        highest_loss=float(means[worst]),
        first_step=first,
        last_step=last,
        learning_rate=rate,
    )


def _above_best(curves: Curves) -> Finding | None:
    n = enough_blocks(curves)
    if n == 0:
        return None
    parts = blocks(curves.train_loss, n=n)
    best = min(parts[:-2], key=lambda one: one.mean)
    if not all(_is_above(one, best) for one in parts[-2:]):
        return None
    last = parts[-1]
    return notice(
        CODE,
        "warning",
        f"The training loss fell to {best.mean:.2f} by step {best.last} and has climbed to {last.mean:.2f} since.",
        f"训练损失到第 {best.last} 步降到 {best.mean:.2f}，之后又升到 {last.mean:.2f}。",
        next_actions=[slower(curves, factor=0.25)],
        best_loss=best.mean,
        best_step=best.last,
        highest_loss=last.mean,
        first_step=last.first,
        last_step=last.last,
    )


def _is_above(block: Block, best: Block) -> bool:
    rise = block.mean - best.mean
    return block.mean > RISE_ABOVE_BEST * best.mean and rise > max(
        SURE_ANYWHERE_SE * difference_error(block, best), 0.1 * RISE_ABOVE_BEST
    )
