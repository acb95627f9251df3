"""How a reading of the curves becomes a Finding: what was seen, where, and what to do next, in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tunesmith.findings import Finding, Severity
from tunesmith.training.diagnosis.advice import Advice


def notice(
    code: str, severity: Severity, en: str, zh: str, *, next_actions: Sequence[Advice] = (), **facts: Any
) -> Finding:
    """`facts` gets the evidence, rounded as it is shown, and under "next" what the message advises."""
    if next_actions:
        en += f" Next: {' or '.join(one.en for one in next_actions)}."
        zh += f"建议：{'，或者'.join(one.zh for one in next_actions)}。"
    known = {name: _rounded(value) for name, value in facts.items() if value is not None}
    return Finding(
        code=code,
        severity=severity,
        message=en,
        message_zh=zh,
        facts={**known, "next": [one.fact for one in next_actions]},
    )


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {name: _rounded(one) for name, one in value.items()}
    return [_rounded(one) for one in value] if isinstance(value, list | tuple) else value
