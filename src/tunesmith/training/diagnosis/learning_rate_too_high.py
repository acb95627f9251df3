"""Steps so large that the loss is thrown back, or the gradient bursts; it settles only as the rate decays."""

from __future__ import annotations

import numpy as np

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.advice import slower
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.shape import Block, blocks, difference_error, enough_blocks, without_spikes
from tunesmith.training.diagnosis.thresholds import (
    BURST_LIMITS,
    GRADIENT_BURST,
    GRADIENT_HEALTHY,
    SETBACK,
    SETBACK_NATS,
    SMALLEST_LOSS,
    SURE_ANYWHERE_SE,
)

CODE = "learning_rate_too_high"
_FEWEST_STEPS = 20


def check(curves: Curves) -> Finding | None:
    if curves.step < _FEWEST_STEPS:
        return None
    return _burst(curves) or _setback(curves)


def _burst(curves: Curves) -> Finding | None:
    """One gradient far longer than the typical one, in the half of the run whose rate is high: later ones, when the
    loss is next to nothing, are single surprising rows."""
    norms = np.asarray(curves.grad_norm)
    typical = float(np.median(norms))
    at = int(norms[: curves.total_steps // 2].argmax())
    limit = BURST_LIMITS.get(int(curves.hyperparameters["batch_size"]), GRADIENT_HEALTHY)
    if norms[at] <= limit or norms[at] <= GRADIENT_BURST * typical:
        return None
    rate = curves.learning_rate[at]
    return notice(
        CODE,
        "warning",
        f"The gradient's norm burst to {norms[at]:.3g} at step {at + 1}, where {typical:.2g} is typical: the learning "
        f"rate, {rate:.2g} by then, took too large a step. The loss there was {curves.train_loss[at]:.2f}.",
        f"第 {at + 1} 步的梯度范数突增到 {norms[at]:.3g}，而通常是 {typical:.2g}："
        f"当时的学习率 {rate:.2g} 步子太大。这一步的损失是 {curves.train_loss[at]:.2f}。",
        next_actions=[slower(curves)],
        step=at + 1,
        grad_norm=float(norms[at]),
        typical_grad_norm=typical,
        loss=curves.train_loss[at],
        learning_rate=rate,
    )


def _setback(curves: Curves) -> Finding | None:
    """A part of the run whose losses lie clearly above those of the best part before it."""
    n = enough_blocks(curves)
    parts = blocks(without_spikes(curves.train_loss), n=n) if n else []
    worst: tuple[float, Block, Block] | None = None
    for at, part in enumerate(parts[1:], 1):
        best = min(parts[:at], key=lambda one: one.mean)
        rise = part.mean - best.mean
        sure = rise / max(difference_error(part, best), SMALLEST_LOSS)
        is_clear = part.mean > SETBACK * best.mean and rise > SETBACK_NATS and sure > SURE_ANYWHERE_SE
        if is_clear and (worst is None or rise > worst[0]):
            worst = (rise, best, part)
    if worst is None:
        return None
    _, best, part = worst
    rate = max(curves.learning_rate[part.first - 1 : part.last])
    return notice(
        CODE,
        "warning",
        f"What was learnt was lost again: the training loss was {best.mean:.2f} in steps {best.first} to {best.last} "
        f"and {part.mean:.2f} in steps {part.first} to {part.last}, at a learning rate of {rate:.2g}.",
        f"学到的又丢了：训练损失在第 {best.first} 到 {best.last} 步是 {best.mean:.2f}，"
        f"第 {part.first} 到 {part.last} 步又升到 {part.mean:.2f}，当时的学习率是 {rate:.2g}。",
        next_actions=[slower(curves)],
        best_loss=best.mean,
        best_step=best.last,
        loss=part.mean,
        first_step=part.first,
        last_step=part.last,
        standard_error=difference_error(part, best),
        learning_rate=rate,
    )
