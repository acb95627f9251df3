"""Rows that are too long for the models of 2023."""

from __future__ import annotations

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import Remediation
from tunesmith.data.prepare.task_type import infer_task_type

MAX_CHARS = 10_000


def validate(frame: Frame) -> Remediation:
    if infer_task_type(frame) == "open-ended generation":
        return Remediation("long_examples")
    announced = _long(frame)
    if not announced:
        return Remediation("long_examples")

    def remark(rows: Frame) -> str:
        now = _long(rows)
        if now == announced:
            return ""
        return (
            "The indices of the long examples has changed as a result of a previously applied recommendation.\n"
            f"The {len(now)} long examples to be dropped are now at the following indices: {now}\n"
        )

    return Remediation(
        "long_examples",
        immediate=(
            f"\n- There are {len(announced)} examples that are very long. These are rows: {announced}\n"
            "For conditional generation, and for classification the examples shouldn't be longer than 2048 tokens."
        ),
        optional=f"Remove {len(announced)} long examples",
        apply_optional=_remove_long,
        remark=remark,
    )


def _long(frame: Frame) -> list[int]:
    pairs = zip(frame.prompts, frame.completions, strict=True)
    return [at for at, (prompt, completion) in enumerate(pairs) if len(prompt) + len(completion) > MAX_CHARS]


def _remove_long(frame: Frame) -> Frame:
    """As in 2023: positions are taken for labels, so after rows were removed before, others may go than were meant.

    Where a label does not exist the tool of 2023 stopped with a KeyError; there the long rows themselves go.
    """
    positions = _long(frame)
    if set(positions) <= set(frame.labels):
        return frame.without(positions)
    long = set(positions)
    return frame.take([position for position in range(frame.n_rows) if position not in long])
