"""A column that must be there, in lower case."""

from __future__ import annotations

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import Remediation


def validate_prompt(frame: Frame) -> Remediation:
    return _validate(frame, "prompt")


def validate_completion(frame: Frame) -> Remediation:
    return _validate(frame, "completion")


def _validate(frame: Frame, column: str) -> Remediation:
    if column in frame.columns:
        return Remediation("necessary_column")
    similar = next((name for name in frame.columns if str(name).lower() == column), None)
    if similar is None:
        error = (
            f"`{column}` column/key is missing. Please make sure you name your columns/keys appropriately, then retry"
        )
        return Remediation("necessary_column", error=error)
    return Remediation(
        "necessary_column",
        immediate=f"\n- The `{column}` column/key should be lowercase",
        necessary=f"Lower case column name to `{column}`",
        apply_necessary=lambda rows: rows.rename(similar, column),
    )
