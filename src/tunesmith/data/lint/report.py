"""What lint found in one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tunesmith.data.lint.check import Fix
from tunesmith.findings import Finding, Language


@dataclass(frozen=True, slots=True)
class LintReport:
    """`findings` in the order of the checks, what concerns the whole file first; `fixes` by the code they name.

    `n_rows` counts the rows of the file, `n_examples` those that can be trained on. `stats` is ready for JSON:
    see `Statistics.to_json`.
    """

    name: str
    path: Path
    container: str
    encoding: str | None
    format: str | None
    detection: Mapping[str, Any]
    n_rows: int
    n_examples: int
    findings: tuple[Finding, ...]
    fixes: dict[str, Fix] = field(default_factory=dict)
    stats: Mapping[str, Any] = field(default_factory=dict)

    @property
    def has_errors(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)

    def to_json(self, language: Language | None = None) -> dict[str, Any]:
        """For the wire; with `language`, every finding and fix has one `text` in it instead of both messages."""
        return {
            "object": "lint_report",
            "name": self.name,
            "container": self.container,
            "encoding": self.encoding,
            "format": self.format,
            "detection": dict(self.detection),
            "n_rows": self.n_rows,
            "n_examples": self.n_examples,
            "has_errors": self.has_errors,
            "findings": [_finding_json(finding, language) for finding in self.findings],
            "fixes": [_fix_json(fix, language) for fix in self.fixes.values()],
            "stats": dict(self.stats),
        }


def _finding_json(finding: Finding, language: Language | None) -> dict[str, Any]:
    shown = finding.to_json()
    if language is not None:
        shown.pop("message_zh", None)
        shown["message"] = finding.text(language)
    return shown


def _fix_json(fix: Fix, language: Language | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"code": fix.code, "recommended": fix.recommended, "drops": len(fix.drops)}
    if language is None:
        return shown | {"text": fix.texts.en, "text_zh": fix.texts.zh}
    return shown | {"text": fix.texts.zh if language == "zh" else fix.texts.en}
