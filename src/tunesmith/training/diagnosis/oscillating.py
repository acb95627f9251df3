"""oscillating"""

from __future__ import annotations

from tunesmith.findings import Finding
from tunesmith.training.diagnosis.curves import Curves

CODE = "oscillating"


def check(curves: Curves) -> Finding | None:
    return None
