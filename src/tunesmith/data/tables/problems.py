"""What is wrong with a row or a file, said in English and Chinese with its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tunesmith.errors import InvalidFile
from tunesmith.findings import MAX_ROWS, Finding, Severity


def row_problem(code: str, line: int, en: str, zh: str, **facts: Any) -> Finding:
    """An error that keeps the row at `line` from being read."""
    return Finding(code, "error", f"line {line}: {en}", line, None, facts, f"第 {line} 行：{zh}")


def file_note(
    code: str,
    severity: Severity,
    en: str,
    zh: str,
    *,
    rows: Sequence[int] = (),
    count: int = 0,
    fix: str | None = "rewrite",
    **facts: Any,
) -> Finding:
    """Something about the file as a whole, or about many of its lines."""
    return Finding(
        code,
        severity,
        en,
        line=rows[0] if rows else None,
        facts=facts,
        message_zh=zh,
        rows=tuple(rows[:MAX_ROWS]),
        count=count or len(rows),
        fix=fix,
    )


def refused(name: str, code: str, en: str, zh: str, *, line: int | None = None, **facts: Any) -> InvalidFile:
    """The error that a whole file cannot be used; `en` names the line itself where there is one."""
    return InvalidFile(f"{name}: {en}", findings=[Finding(code, "error", en, line, None, facts, zh)])


def refused_row(name: str, finding: Finding) -> InvalidFile:
    """The error that a file cannot be used because of one row."""
    return InvalidFile(f"{name}: {finding.message}", findings=[finding])
