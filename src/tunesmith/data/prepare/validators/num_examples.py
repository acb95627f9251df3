"""How many rows there are."""

from __future__ import annotations

from tunesmith.data.prepare.frame import Frame
from tunesmith.data.prepare.remediation import Remediation

MIN_EXAMPLES = 100

_ADVICE = (
    ". In general, we recommend having at least a few hundred examples. We've found that performance tends to linearly "
    "increase for every doubling of the number of examples"
)


def validate(frame: Frame) -> Remediation:
    advice = "" if frame.n_rows >= MIN_EXAMPLES else _ADVICE
    return Remediation(
        "num_examples", immediate=f"\n- Your file contains {frame.n_rows} prompt-completion pairs{advice}"
    )
