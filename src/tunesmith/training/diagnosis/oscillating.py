"""A loss on the same validation rows that swings up and down: the weights move past where they should go."""

from __future__ import annotations

from itertools import pairwise

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.advice import change, slower
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.thresholds import FEWEST_SWINGS, SWING, SWING_NATS, VALIDATION_SAYS_NOTHING

CODE = "oscillating"
_LARGEST_BATCH = 16


def check(curves: Curves) -> Finding | None:
    """Batches differ, so their losses swing in every run; the few validation rows are always the same."""
    if curves.n_validation_examples < VALIDATION_SAYS_NOTHING:
        return None
    swings = [
        (step, before, loss)
        for (_, before), (step, loss) in pairwise(curves.valid)
        if loss > SWING * before and loss - before > SWING_NATS
    ]
    if len(swings) < FEWEST_SWINGS or 4 * len(swings) < len(curves.valid):
        return None
    step, before, loss = max(swings, key=lambda one: one[2] - one[1])
    batch_size = int(curves.hyperparameters["batch_size"])
    actions = [slower(curves)]
    if batch_size < _LARGEST_BATCH:
        actions.append(change(curves, "batch_size", min(_LARGEST_BATCH, 4 * batch_size)))
    return notice(
        CODE,
        "warning",
        f"The loss on the same validation rows swings: it rose {len(swings)} times by a fifth or more, the most from "
        f"{before:.2f} to {loss:.2f} at step {step}.",
        f"同一批验证样本的损失来回摆动：有 {len(swings)} 次上升了五分之一以上，最大一次是第 {step} 步，"
        f"从 {before:.2f} 到 {loss:.2f}。",
        next_actions=actions,
        swings=len(swings),
        measurements=len(curves.valid),
        step=step,
        before_loss=before,
        loss=loss,
    )
