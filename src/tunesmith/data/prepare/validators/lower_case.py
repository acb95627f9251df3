"""Columns that shout."""

from __future__ import annotations

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import GUIDE, Remediation


def validate_prompt(frame: Frame) -> Remediation | None:
    return _validate(frame, "prompt")


def validate_completion(frame: Frame) -> Remediation | None:
    return _validate(frame, "completion")


def _validate(frame: Frame, column: str) -> Remediation | None:
    n_upper = n_lower = 0
    for text in frame.columns[column]:
        n_upper += sum(char.isalpha() and char.isupper() for char in text)
        n_lower += sum(char.isalpha() and char.islower() for char in text)
    if n_upper * 2 <= n_lower:
        return None
    return Remediation(
        "lower_case",
        immediate=(
            f"\n- More than a third of your `{column}` column/key is uppercase. Uppercase {column}s tends to perform "
            "worse than a mixture of case encountered in normal language. We recommend to lower case the data if that "
            f"makes sense in your domain. See {GUIDE} for more details"
        ),
        optional=f"Lowercase all your data in column/key `{column}`",
        apply_optional=lambda rows: rows.map(column, str.lower),
    )
