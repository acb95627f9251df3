"""Rows with nothing to learn."""

from __future__ import annotations

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import Remediation


def validate(frame: Frame) -> Remediation:
    empty = [position for position, text in enumerate(frame.completions) if not text]
    if not empty:
        return Remediation("empty_completion")
    return Remediation(
        "empty_completion",
        immediate=f"\n- `completion` column/key should not contain empty strings. These are rows: {empty}",
        necessary=f"Remove {len(empty)} rows with empty completions",
        apply_necessary=lambda rows: rows.take([at for at, text in enumerate(rows.completions) if text]),
    )
