"""Columns that shout."""

from __future__ import annotations

from collections import Counter

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import GUIDE, Remediation


def validate_prompt(frame: Frame) -> Remediation | None:
    return _validate(frame, "prompt")


def validate_completion(frame: Frame) -> Remediation | None:
    return _validate(frame, "completion")


def _validate(frame: Frame, column: str) -> Remediation | None:
    counts: Counter[str] = Counter()
    for text in frame.columns[column]:
        counts.update(text)
    n_upper = sum(count for char, count in counts.items() if char.isalpha() and char.isupper())
    n_lower = sum(count for char, count in counts.items() if char.isalpha() and char.islower())
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
