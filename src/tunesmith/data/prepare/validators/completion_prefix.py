"""The same words at the start of every completion."""

from __future__ import annotations

from tunesmith.data.prepare.affixes import common_prefix
from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import Remediation

MIN_CHARS = 5


def validate(frame: Frame) -> Remediation:
    prefix = common_prefix(frame.completions)
    if len(prefix) < MIN_CHARS or all(completion == prefix for completion in frame.completions):
        return Remediation("common_prefix")
    # The single space with which completions start stays.
    kept = " " if prefix.startswith(" ") else ""
    return Remediation(
        "common_completion_prefix",
        immediate=(
            f"\n- All completions start with prefix `{prefix}`. Most of the time you should only add the output data "
            "into the completion, without any prefix"
        ),
        optional=f"Remove prefix `{prefix}` from all completions",
        apply_optional=lambda rows: rows.map("completion", lambda completion: kept + completion[len(prefix) :]),
    )
