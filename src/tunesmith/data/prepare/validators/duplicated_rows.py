"""Rows that are there twice."""

from __future__ import annotations

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import Remediation


def validate(frame: Frame) -> Remediation:
    repeated = sorted(set(range(frame.n_rows)) - set(_first_of_each(frame)))
    if not repeated:
        return Remediation("duplicated_rows")
    return Remediation(
        "duplicated_rows",
        immediate=f"\n- There are {len(repeated)} duplicated prompt-completion sets. These are rows: {repeated}",
        optional=f"Remove {len(repeated)} duplicate rows",
        apply_optional=lambda rows: rows.take(_first_of_each(rows)),
    )


def _first_of_each(frame: Frame) -> list[int]:
    first: dict[tuple[str, str], int] = {}
    for position, pair in enumerate(zip(frame.prompts, frame.completions, strict=True)):
        first.setdefault(pair, position)
    return list(first.values())
