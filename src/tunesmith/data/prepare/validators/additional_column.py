"""Columns beside prompt and completion."""

from __future__ import annotations

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import Remediation

FIELDS = ("prompt", "completion")


def validate(frame: Frame) -> Remediation:
    if len(frame.columns) <= len(FIELDS):
        return Remediation("additional_column")
    additional = [name for name in frame.columns if name not in FIELDS]
    # Every name contains itself, so every additional column is warned about; so it was in 2023.
    warnings = "".join(
        f"\n  WARNING: Some of the additional columns/keys contain `{name}` in their name. These will be ignored, and "
        f"the column/key `{name}` will be used instead. This could also result from a duplicate column/key in the "
        f"provided file."
        for name in additional
    )
    return Remediation(
        "additional_column",
        immediate=(
            "\n- The input file should contain exactly two columns/keys per row. Additional columns/keys present are: "
            f"{additional}{warnings}"
        ),
        necessary=f"Remove additional columns/keys: {additional}",
        apply_necessary=lambda rows: rows.select(FIELDS),
    )
