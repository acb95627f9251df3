"""One shape for everything the product notices: lint, diagnosis, filter and validation results."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""The worst first."""

Language = Literal["en", "zh"]

# A finding lists the places a person would look at; `count` says how many there are.
MAX_ROWS = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """`code` and `facts` are for programs (and translations), the messages for people; lines count from 1.

    A finding about one place has `line`; one about many has `rows`, the first MAX_ROWS lines in order, and `count`,
    how many rows there are. `fix` is the code of what would mend it, if anything does.
    """

    code: str
    severity: Severity
    message: str
    line: int | None = None
    field: str | None = None
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    message_zh: str = ""
    rows: tuple[int, ...] = ()
    count: int = 0
    fix: str | None = None

    def text(self, language: Language) -> str:
        """The message in this language; English where there is no Chinese one."""
        return self.message_zh or self.message if language == "zh" else self.message

    def to_json(self) -> dict[str, Any]:
        """For the wire; what a finding does not have is left out, except the six keys that were always there."""
        always = {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "line": self.line,
            "field": self.field,
            "facts": dict(self.facts),
        }
        more = {"message_zh": self.message_zh, "rows": list(self.rows), "count": self.count, "fix": self.fix}
        return always | {key: value for key, value in more.items() if value}


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Errors, warnings, notes; otherwise in the order they came."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))
