"""Gradients that are too long to trust, or that do not reach what is trained."""

from __future__ import annotations

import statistics

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.advice import faster, slower
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.thresholds import (
    FLAT_LOSS,
    GRADIENT_HEALTHY,
    GRADIENT_UNSTABLE,
    GRADIENT_VANISHED,
)

CODE = "gradient_norm"
_FEWEST_STEPS = 10


def check(curves: Curves) -> Finding | None:
    if curves.step < _FEWEST_STEPS:
        return None
    typical, highest = statistics.median(curves.grad_norm), max(curves.grad_norm)
    if highest < GRADIENT_VANISHED and statistics.median(curves.train_loss) > FLAT_LOSS:
        return notice(
            CODE,
            "warning",
            f"The gradient's norm never exceeds {highest:.1g}: next to nothing reaches the weights that are trained.",
            f"梯度范数始终不超过 {highest:.1g}：几乎没有信号传到被训练的权重。",
            next_actions=[faster(curves)],
            median=typical,
            highest=highest,
        )
    if typical <= GRADIENT_HEALTHY and highest <= GRADIENT_UNSTABLE:
        return None
    at = curves.grad_norm.index(highest) + 1
    return notice(
        CODE,
        "warning",
        f"The gradient's norm is {typical:.2g} at the median and {highest:.3g} at step {at}; "
        f"up to {GRADIENT_HEALTHY:g} is healthy, above {GRADIENT_UNSTABLE:g} unstable.",
        f"梯度范数的中位数是 {typical:.2g}，第 {at} 步达到 {highest:.3g}；"
        f"{GRADIENT_HEALTHY:g} 以内正常，超过 {GRADIENT_UNSTABLE:g} 不稳定。",
        next_actions=[slower(curves)],
        median=typical,
        highest=highest,
        step=at,
    )
