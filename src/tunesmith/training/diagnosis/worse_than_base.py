"""Validation rows on which the base model was better than what was trained."""

from __future__ import annotations

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.advice import Advice, slower
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.thresholds import WORSE_THAN_BASE

CODE = "worse_than_base"


def check(curves: Curves) -> Finding | None:
    if curves.base_valid_loss is None or not curves.full_valid:
        return None
    best_epoch, _, best = min(curves.full_valid, key=lambda one: one[2])
    if best <= WORSE_THAN_BASE * curves.base_valid_loss:
        return None
    same_task = Advice(
        "check that both files hold the same task",
        "确认两个文件是同一个任务",
        {"look_at": ["training_file", "validation_file"]},
    )
    return notice(
        CODE,
        "warning",
        f"On the validation rows the base model is better: {curves.base_valid_loss:.3f} before training, "
        f"{best:.3f} at best after it (epoch {best_epoch}).",
        f"在验证集上基座模型更好：训练前损失 {curves.base_valid_loss:.3f}，"
        f"训练后最好也只有 {best:.3f}（第 {best_epoch} 轮）。",
        next_actions=[same_task, slower(curves)],
        base_valid_loss=curves.base_valid_loss,
        best_valid_loss=best,
        best_epoch=best_epoch,
    )
