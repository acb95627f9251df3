"""What a format says about one row: errors, warnings, notes, and keys it did not use."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tunesmith.findings import Finding, Severity

# Enough for whoever mends the row; one row of 16 MB could be wrong in half a million places.
MAX_FINDINGS = 50
MAX_UNUSED_KEYS = 100


@dataclass(slots=True)
class RowReport:
    """Collects the findings of row `number` (counted from 1, as OpenAI's messages do), which starts at `line`.

    Every text comes twice: `detail` in English and `zh` in Chinese; the line is put in front of both. After
    MAX_FINDINGS only a first error is still taken up.
    """

    line: int
    number: int
    findings: list[Finding] = field(default_factory=list)
    unused_keys: list[tuple[str, str]] = field(default_factory=list)

    @property
    def has_errors(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings)

    @property
    def is_full(self) -> bool:
        """Whether the row is wrong in so many places that reading on tells nobody more."""
        return len(self.findings) >= MAX_FINDINGS and self.has_errors

    def error(
        self,
        code: str,
        detail: str,
        zh: str,
        *,
        field: str | None = None,
        message: int | None = None,
        wording: str | None = None,
    ) -> None:
        """`message` counts from 1 within the row; `wording` is OpenAI's own text for this fault, if it has one."""
        facts: dict[str, Any] = {"example": self.number}
        if message is not None:
            facts["message"] = message
        if wording is not None:
            facts["wording"] = wording
        self._add(code, "error", detail, zh, field, facts)

    def warn(self, code: str, detail: str, zh: str, *, field: str | None = None) -> None:
        self._add(code, "warning", detail, zh, field, {"example": self.number})

    def note(self, code: str, detail: str, zh: str, *, field: str | None = None) -> None:
        """Something was read in a way that the user may want to know of; nothing is wrong."""
        self._add(code, "info", detail, zh, field, {"example": self.number})

    def note_unused(self, keys: Iterable[str], used: frozenset[str]) -> None:
        """Remember keys that the format does not read, with the absent key that each was perhaps meant to be."""
        if len(self.unused_keys) >= MAX_UNUSED_KEYS:
            return
        present = set(keys)
        for key in sorted(present - used)[: MAX_UNUSED_KEYS - len(self.unused_keys)]:
            self.unused_keys.append((cut(key), nearest(key, used - present) or ""))

    def _add(
        self, code: str, severity: Severity, detail: str, zh: str, field: str | None, facts: dict[str, Any]
    ) -> None:
        if self.is_full or (len(self.findings) >= MAX_FINDINGS and severity != "error"):
            return
        message, message_zh = f"line {self.line}: {detail}", f"第 {self.line} 行：{zh}"
        self.findings.append(Finding(code, severity, message, self.line, field, facts, message_zh))


def nearest(word: str, options: Iterable[str]) -> str | None:
    """The option that a typing error may have turned into `word`."""
    close = difflib.get_close_matches(word.lower(), list(options), n=1, cutoff=0.75)
    return close[0] if close else None


def shown(value: Any) -> str:
    """A value of the file for a message: its JSON, cut."""
    return cut(json.dumps(value, ensure_ascii=False))


def cut(text: str, length: int = 60) -> str:
    return text if len(text) <= length else text[:length] + "..."


def kind(value: Any) -> str:
    """What JSON calls a value's type, with its article."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a string"
    return "a list" if isinstance(value, list) else "an object"


_KINDS_ZH = {
    "null": "空值 null",
    "a boolean": "布尔值",
    "a number": "数字",
    "a string": "字符串",
    "a list": "列表",
    "an object": "对象",
}


def kind_zh(value: Any) -> str:
    return _KINDS_ZH[kind(value)]


def shown_key(row: dict[str, Any], key: str) -> tuple[str, str]:
    """What stands at `key`, in English and Chinese: its type, or that it is missing."""
    return (kind(row[key]), f"是{kind_zh(row[key])}") if key in row else ("missing", "缺失")
