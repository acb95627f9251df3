"""What every finding of lint means, in both languages, in the order people meet them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tunesmith.data.lint.check import Texts
from tunesmith.findings import Severity


@dataclass(frozen=True, slots=True)
class Entry:
    """One code: how bad it can be, what it means and what to do, what mends it, which thresholds decide."""

    code: str
    severities: tuple[Severity, ...]
    meaning: Texts
    fix: str | None = None
    thresholds: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "severities": list(self.severities),
            "meaning": self.meaning.en,
            "meaning_zh": self.meaning.zh,
            "fix": self.fix,
            "thresholds": list(self.thresholds),
        }


def _entry(
    code: str,
    severity: Severity | tuple[Severity, ...],
    en: str,
    zh: str,
    *thresholds: str,
    fix: str | None = None,
) -> Entry:
    severities = severity if isinstance(severity, tuple) else (severity,)
    return Entry(code, severities, Texts(en, zh), fix, thresholds)


CATALOGUE: tuple[Entry, ...] = (
    _entry(
        "too_few_examples",
        "error",
        "So few usable rows that training is refused. Add rows.",
        "可用样本太少，无法训练。请补充样本。",
        "min_examples",
        "advised_examples",
    ),
    _entry(
        "few_examples",
        "info",
        "Enough to train, but the effect is clearer with more.",
        "够训练，但再多一些效果才明显。",
        "advised_examples",
    ),
)


def all_codes() -> tuple[str, ...]:
    return tuple(entry.code for entry in CATALOGUE)
