"""The shape of a noisy curve: block means with their standard errors, neighbourhoods, robust spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tunesmith.training.diagnosis.curves import Curves
from tunesmith.training.diagnosis.thresholds import BLOCKS, FEWEST_BLOCKS, ROWS_PER_BLOCK, STEPS_PER_BLOCK

Floats = NDArray[np.float64]
_NEIGHBOURS = 5
_TO_SIGMA = 1.4826  # a normal distribution's standard deviation over its median absolute deviation


@dataclass(frozen=True, slots=True)
class Block:
    """Steps `first` to `last`, counted from 1: their mean loss and how well it is known."""

    first: int
    last: int
    mean: float
    error: float


def enough_blocks(curves: Curves) -> int:
    """How many blocks of enough rows, and at least five steps, the curve so far has; none where it is too few to judge.

    The smaller the batch, the wilder its loss: a block of ten steps of one row is no better known than one step of ten.
    """
    rows = curves.step * int(curves.hyperparameters["batch_size"])
    n = min(BLOCKS, curves.step // STEPS_PER_BLOCK, rows // ROWS_PER_BLOCK)
    return n if n >= FEWEST_BLOCKS else 0


def blocks(values: Sequence[float], *, first_step: int = 1, n: int = BLOCKS) -> list[Block]:
    """At most `n` equal parts of the curve, each of at least two steps; none for fewer than four steps."""
    if len(values) < 4:
        return []
    parts = np.array_split(np.asarray(values, dtype=float), min(n, len(values) // 2))
    found, at = [], first_step
    for part in parts:
        found.append(Block(at, at + len(part) - 1, float(part.mean()), float(part.std(ddof=1) / np.sqrt(len(part)))))
        at += len(part)
    return found


def difference_error(one: Block, other: Block) -> float:
    """The standard error of the difference of two blocks' means."""
    return float(np.hypot(one.error, other.error))


def neighbours(values: Floats) -> Floats:
    """(steps, 10): the five steps before and after each step, itself left out; nan beyond the ends."""
    padded = np.pad(values, _NEIGHBOURS, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1)
    return np.delete(windows, _NEIGHBOURS, axis=1)


def without_spikes(values: Sequence[float]) -> list[float]:
    """The curve with each value at most the second highest of the ten around it: a bad batch is no trend."""
    losses = np.asarray(values, dtype=float)
    around = np.sort(np.nan_to_num(neighbours(losses), nan=-np.inf), axis=1)
    return [float(one) for one in np.minimum(losses, around[:, -2])]


def robust_sigma(values: Floats) -> float:
    """The standard deviation of what is not an outlier."""
    return float(_TO_SIGMA * np.median(np.abs(values - np.median(values)))) if len(values) else 0.0
