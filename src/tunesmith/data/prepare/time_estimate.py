"""How long OpenAI's models of 2023 would have trained; printed because it was printed."""

from __future__ import annotations

from tunesmith.data.prepare.frame import Frame, Labels
from tunesmith.data.prepare.task_type import infer_task_type

SECONDS_PER_CLASSIFIED_ROW = 1.44
SECONDS_PER_BYTE = 0.0515
SECONDS_TO_START = 140


def time_estimate(frame: Frame, *, hashed: Labels) -> str:
    if infer_task_type(frame) == "classification":
        seconds = frame.n_rows * SECONDS_PER_CLASSIFIED_ROW
    else:
        seconds = frame.size_bytes(hashed=hashed) * SECONDS_PER_BYTE
    return (
        f"Once your model starts training, it'll approximately take {_spoken(seconds + SECONDS_TO_START)} to train a "
        "`curie` model, and less for `ada` and `babbage`. Queue will approximately take half an hour per job ahead of "
        "you.\n"
    )


def _spoken(seconds: float) -> str:
    if seconds < 60:
        return f"{round(seconds, 2)} seconds"
    if seconds < 3600:
        return f"{round(seconds / 60, 2)} minutes"
    if seconds < 86400:
        return f"{round(seconds / 3600, 2)} hours"
    return f"{round(seconds / 86400, 2)} days"
