"""Steps so large that the loss is thrown about, and that settles only as the rate decays: it ends, but badly."""

from __future__ import annotations

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.curves import Curves

CODE = "learning_rate_too_high"


def check(curves: Curves) -> Finding | None:
    return None
