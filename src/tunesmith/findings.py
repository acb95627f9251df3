"""One shape for everything the product notices: lint, diagnosis, filter and validation results."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """`code` and `facts` are for programs (and translations), `message` for people; `line` counts from 1."""

    code: str
    severity: Severity
    message: str
    line: int | None = None
    field: str | None = None
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severity": self.severity,
            "message": self.message,
            "line": self.line,
            "field": self.field,
            "facts": dict(self.facts),
        }
