"""The validation loss has turned up: from its best epoch on, the model learns the rows instead of the task."""

from __future__ import annotations

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.advice import change, deploy
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.ratio import band, last_epoch_train_loss
from tunesmith.training.diagnosis.thresholds import SMALLEST_LOSS, TURNED_UP, TURNED_UP_FLAG, TURNED_UP_NATS

CODE = "over_fitting"


def check(curves: Curves) -> Finding | None:
    if len(curves.full_valid) < 2:
        return None
    best_epoch, best_step, best = min(curves.full_valid, key=lambda one: one[2])
    epoch, step, last = curves.full_valid[-1]
    if last <= TURNED_UP * best or last - best < TURNED_UP_NATS:
        return None
    train = last_epoch_train_loss(curves)
    actions = [deploy(curves, best_epoch)]
    if curves.n_epochs > best_epoch and "change" not in actions[0].fact:
        actions.append(change(curves, "n_epochs", best_epoch))
    by = last / best - 1
    is_flagged = last > TURNED_UP_FLAG * best
    return notice(
        CODE,
        "warning",
        f"Over-fitting{'' if is_flagged else ', mild'}: the validation loss was best after epoch {best_epoch}, "
        f"{best:.3f}, and is {by:.0%} higher after epoch {epoch}, {last:.3f}, while the training loss is {train:.3f}.",
        f"{'' if is_flagged else '轻度'}过拟合：验证损失在第 {best_epoch} 轮后最低，为 {best:.3f}；"
        f"第 {epoch} 轮后高出 {by:.0%}，为 {last:.3f}，而训练损失是 {train:.3f}。",
        next_actions=actions,
        best_epoch=best_epoch,
        best_step=best_step,
        best_valid_loss=best,
        epoch=epoch,
        step=step,
        valid_loss=last,
        train_loss=train,
        ratio=last / max(train, SMALLEST_LOSS),
        band=band(last, train),
    )
