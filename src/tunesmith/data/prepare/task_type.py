"""What the rows seem to be for."""

from __future__ import annotations

from typing import Literal

from tunesmith.data.prepare.frame import Frame

TaskType = Literal["open-ended generation", "classification", "conditional generation"]

MIN_ROWS_PER_CLASS = 3


def infer_task_type(frame: Frame) -> TaskType:
    if not any(frame.prompts):
        return "open-ended generation"
    if len(set(frame.completions)) < frame.n_rows / MIN_ROWS_PER_CLASS:
        return "classification"
    return "conditional generation"
