"""Validation loss over training loss, in the bands of Azure's guidance."""

from __future__ import annotations

from typing import Literal

import numpy as np

from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.thresholds import RATIO_MILD, RATIO_MODERATE, RATIO_SEVERE, SMALLEST_LOSS

Band = Literal["healthy", "mild", "moderate", "severe"]


def last_epoch_train_loss(curves: Curves) -> float:
    """The mean over the last whole epoch: every row counts once, so it does not depend on the last batch."""
    end = curves.epochs_done * curves.steps_per_epoch or curves.step
    return float(np.mean(curves.train_loss[max(0, end - curves.steps_per_epoch) : end]))


def band(valid: float, train: float) -> Band:
    """How far apart they are; next to nothing over next to nothing is healthy."""
    ratio = valid / max(train, SMALLEST_LOSS)
    if ratio < RATIO_MILD or valid - train < SMALLEST_LOSS:
        return "healthy"
    return "mild" if ratio < RATIO_MODERATE else "moderate" if ratio < RATIO_SEVERE else "severe"
