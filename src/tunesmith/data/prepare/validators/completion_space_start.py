"""A space before every completion, which the tokenizers of 2023 liked."""

from __future__ import annotations

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import GUIDE, Remediation


def validate(frame: Frame) -> Remediation:
    if {completion[:1] for completion in frame.completions} == {" "}:
        return Remediation("completion_space_start")
    return Remediation(
        "completion_space_start",
        immediate=(
            "\n- The completion should start with a whitespace character (` `). This tends to produce better results "
            f"due to the tokenization we use. See {GUIDE} for more details"
        ),
        optional="Add a whitespace character to the beginning of the completion",
        apply_optional=lambda rows: rows.map("completion", _add_space),
    )


def _add_space(completion: str) -> str:
    """The tool of 2023 stopped with an IndexError at a completion that removing a prefix had emptied."""
    return completion if completion.startswith(" ") else " " + completion
