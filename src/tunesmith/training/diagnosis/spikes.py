"""Single steps whose loss jumps far above their neighbours': usually a few rows, not the settings."""

from __future__ import annotations

import numpy as np

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.advice import Advice, slower
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.shape import neighbours, robust_sigma
from tunesmith.training.diagnosis.thresholds import AVERAGED_BATCH, SPIKE_NATS, SPIKE_RATIO, SPIKE_SIGMA

CODE = "spikes"
_FEWEST_STEPS = 20
_SKIPPED = 0.1
_SHOWN = 10


def check(curves: Curves) -> Finding | None:
    if curves.step < _FEWEST_STEPS:
        return None
    losses = np.asarray(curves.train_loss)
    around = neighbours(losses)
    median = np.nanmedian(around, axis=1)
    second = np.sort(np.nan_to_num(around, nan=-np.inf), axis=1)[:, -2]  # two spikes may be neighbours
    skipped = int(_SKIPPED * curves.step)  # too steep to call anything a jump
    limit = np.maximum(median + SPIKE_SIGMA * robust_sigma((losses - median)[skipped:]), SPIKE_RATIO * second)
    limit = np.maximum(limit, median + SPIKE_NATS)
    steps = [i + 1 for i in range(skipped, curves.step) if losses[i] > limit[i]]
    if not steps:
        return None
    is_averaged = int(curves.hyperparameters["batch_size"]) >= AVERAGED_BATCH
    worst = max(steps, key=lambda step: float(losses[step - 1] - median[step - 1]))
    per_epoch = len(steps) / max(1.0, curves.step / curves.steps_per_epoch)
    rows = Advice(
        f"look at the rows of step {worst}: tunesmith data lint finds broken ones",
        f"查看第 {worst} 步用到的数据行：tunesmith data lint 能找出坏行",
        {"look_at": "rows", "step": worst},
    )
    listed = ", ".join(map(str, steps[:_SHOWN]))
    return notice(
        CODE,
        "warning" if len(steps) > 1 and is_averaged else "info",
        f"The loss jumps at {len(steps)} step(s): {listed}; the highest is {losses[worst - 1]:.2f} at step {worst}, "
        f"where its neighbours have {median[worst - 1]:.2f}.",
        f"有 {len(steps)} 步的损失突然跳高：{listed}；最高是第 {worst} 步的 {losses[worst - 1]:.2f}，"
        f"相邻各步约为 {median[worst - 1]:.2f}。",
        next_actions=[rows, slower(curves)],
        steps=steps[:_SHOWN],
        count=len(steps),
        per_epoch=per_epoch,
        highest_loss=float(losses[worst - 1]),
        neighbours_loss=float(median[worst - 1]),
    )
