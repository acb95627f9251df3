"""A training loss so low, on so few rows, that the model may know them by heart."""

from __future__ import annotations

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.advice import Advice, change
from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.notice import notice
from tunesmith.training.diagnosis.ratio import band, last_epoch_train_loss
from tunesmith.training.diagnosis.thresholds import LOW_LOSS, MANY_EPOCHS, SMALL_DATA, SMALLEST_LOSS, VERY_LOW_LOSS

CODE = "memorised"
HOLD_BACK = Advice(
    "hold back a tenth of the rows as validation_file",
    "留出十分之一的数据作 validation_file",
    {"add": "validation_file"},
)


def check(curves: Curves) -> Finding | None:
    if curves.epochs_done < 1 or curves.n_examples > SMALL_DATA:
        return None
    train = last_epoch_train_loss(curves)
    if train > LOW_LOSS:
        return None
    return _with_validation(curves, train) if curves.full_valid else _without_validation(curves, train)


def _with_validation(curves: Curves, train: float) -> Finding | None:
    """Only where the validation loss shows it: low on rows never seen is mastery, not memory."""
    epoch, step, valid = curves.full_valid[-1]
    found = band(valid, train)
    if found not in ("moderate", "severe") or valid < LOW_LOSS or curves.epochs_done < MANY_EPOCHS:
        return None
    enough = _enough_epochs(curves)
    return notice(
        CODE,
        "warning",
        f"The rows were learnt by heart: training loss {train:.3f}, validation loss {valid:.3f} after epoch {epoch}, "
        f"{valid / max(train, SMALLEST_LOSS):.1f} times as high ({found}).",
        f"样本被背下来了：第 {epoch} 轮后训练损失 {train:.3f}，验证损失 {valid:.3f}，"
        f"是它的 {valid / max(train, SMALLEST_LOSS):.1f} 倍（程度 {found}）。",
        next_actions=[change(curves, "n_epochs", enough)],
        train_loss=train,
        valid_loss=valid,
        ratio=valid / max(train, SMALLEST_LOSS),
        band=found,
        epoch=epoch,
        step=step,
        n_examples=curves.n_examples,
    )


def _without_validation(curves: Curves, train: float) -> Finding | None:
    is_clear = curves.epochs_done >= MANY_EPOCHS and train <= VERY_LOW_LOSS
    if not is_clear and not curves.is_over:
        return None
    actions = [change(curves, "n_epochs", _enough_epochs(curves)), HOLD_BACK] if is_clear else [HOLD_BACK]
    doubt = "is memory, not mastery" if is_clear else "may be mastery or memory; no validation file tells which"
    doubt_zh = "是死记，而不是学会" if is_clear else "可能是学会了，也可能是背下来了；没有验证集，无法判断"
    return notice(
        CODE,
        "warning" if is_clear else "info",
        f"The training loss is {train:.3f} after {curves.epochs_done} passes over {curves.n_examples} rows: "
        f"that {doubt}.",
        f"{curves.n_examples} 行数据看了 {curves.epochs_done} 遍后，训练损失是 {train:.3f}：这{doubt_zh}。",
        next_actions=actions,
        train_loss=train,
        epoch=curves.epochs_done,
        step=curves.step,
        n_examples=curves.n_examples,
    )


def _enough_epochs(curves: Curves) -> int:
    """The first epoch whose mean training loss was already low: what came after only repeated."""
    per_epoch = curves.steps_per_epoch
    for epoch in range(1, curves.epochs_done):
        losses = curves.train_loss[(epoch - 1) * per_epoch : epoch * per_epoch]
        if sum(losses) / len(losses) <= LOW_LOSS:
            return epoch
    return max(1, curves.epochs_done // 2)
