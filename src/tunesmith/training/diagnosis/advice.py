"""The next action of a finding: concrete values, in facts for programs and in both languages for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tunesmith.training.diagnosis.curves import Curves

KEPT_EPOCHS = 3  # what TrainingSpec.keep_epoch_checkpoints says where nobody says otherwise
DERIVED_MULTIPLIER = 1.0


@dataclass(frozen=True, slots=True)
class Advice:
    en: str
    zh: str
    fact: dict[str, Any]


def change(curves: Curves, name: str, to: float) -> Advice:
    """Another value of a hyperparameter: `n_epochs 3 -> 2`."""
    before = curves.hyperparameters[name]
    return Advice(
        f"{name} {before:g} -> {to:g}", f"{name} {before:g} -> {to:g}", {"change": name, "from": before, "to": to}
    )


def deploy(curves: Curves, epoch: int) -> Advice:
    """Use the checkpoint of an epoch; where it is no longer kept, train just as long."""
    if epoch <= curves.epochs_done - KEPT_EPOCHS:
        return change(curves, "n_epochs", epoch)
    step = epoch * curves.steps_per_epoch
    return Advice(
        f"deploy the checkpoint of epoch {epoch} (step {step})",
        f"部署第 {epoch} 轮的检查点（第 {step} 步）",
        {"deploy_checkpoint": {"epoch": epoch, "step": step}},
    )


def slower(curves: Curves, *, factor: float = 0.5) -> Advice:
    """A gentler learning rate: the derived one if this run's was above it, else `factor` of this run's."""
    multiplier = float(curves.hyperparameters["learning_rate_multiplier"])
    to = DERIVED_MULTIPLIER if multiplier > DERIVED_MULTIPLIER else multiplier * factor
    return change(curves, "learning_rate_multiplier", round(to, 6))


def faster(curves: Curves) -> Advice:
    """A higher learning rate: the derived one if this run's was below it, else twice this run's."""
    multiplier = float(curves.hyperparameters["learning_rate_multiplier"])
    to = DERIVED_MULTIPLIER if multiplier < DERIVED_MULTIPLIER else multiplier * 2
    return change(curves, "learning_rate_multiplier", round(to, 6))
