"""A loss or gradient that is no finite number: the run stopped before that step."""

from __future__ import annotations

import statistics

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.advice import Advice, slower
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.thresholds import GRADIENT_UNSTABLE, RISE_ABOVE_BEST

CODE = "not_finite"
_LAST = 5


def check(curves: Curves) -> Finding | None:
    if curves.failed_step is None:
        return None
    last = curves.train_loss[-_LAST:]
    blew_up = bool(last) and (
        statistics.mean(last) > RISE_ABOVE_BEST * curves.train_loss[0]
        or max(curves.grad_norm[-_LAST:]) > GRADIENT_UNSTABLE
    )
    look = Advice(
        "look at the rows that the error names", "查看报错中列出的那些行", {"look_at": "rows named by the error"}
    )
    before = f"the losses before it were {', '.join(f'{one:.2f}' for one in last)}" if last else "it was the first one"
    before_zh = f"之前几步的损失是 {'、'.join(f'{one:.2f}' for one in last)}" if last else "这是第一步"
    why = "the updates were too large" if blew_up else "nothing announced it, so one of its rows is the likelier cause"
    why_zh = "更新幅度过大" if blew_up else "之前没有任何征兆，更可能是其中某一行数据的问题"
    return notice(
        CODE,
        "error",
        f"At step {curves.failed_step} the loss or its gradient was not a finite number; {before}: {why}.",
        f"第 {curves.failed_step} 步的损失或梯度不是有限的数；{before_zh}：{why_zh}。",
        next_actions=[slower(curves, factor=0.1), look] if blew_up else [look, slower(curves)],
        step=curves.failed_step,
        losses_before=list(last),
        grad_norms_before=list(curves.grad_norm[-_LAST:]),
        blew_up=blew_up,
    )
