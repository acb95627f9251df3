"""Rows for the checks, and the doors to lint and mend them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tunesmith.data.fixes import plan_fixes, write_fixed
from tunesmith.data.lint.engine import LintOptions, lint
from tunesmith.data.lint.report import LintReport
from tunesmith.data.sources import open_source
from tunesmith.findings import Finding

QUESTIONS = ("How do I reset the router?", "Where is the invoice?", "Can I return these shoes?", "When do you open?")
ANSWERS = (
    "Hold the small button on the back for ten seconds.",
    "It is under Orders, in the row of your order.",
    "Yes, within thirty days, with the receipt.",
    "At nine on weekdays and at ten on Saturdays.",
)


def chat(question: str, answer: str | None, *, system: str | None = None, **more: Any) -> dict[str, Any]:
    messages = [{"role": "system", "content": system}] if system is not None else []
    messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer or ""}]
    return {"messages": messages, **more}


def good_rows(n: int = 12, *, system: str | None = None) -> list[dict[str, Any]]:
    """Rows in which no check finds anything."""
    return [
        chat(f"{QUESTIONS[i % 4]} It is case number {i}.", f"{ANSWERS[i % 4]} (case {i})", system=system)
        for i in range(n)
    ]


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def lint_rows(folder: Path, rows: Sequence[dict[str, Any]], **options: Any) -> LintReport:
    return lint(write_rows(folder / "rows.jsonl", rows), LintOptions(near_duplicates=False, **options))


def finding(report: LintReport, code: str) -> Finding:
    """The finding with this code; fails with all codes when there is none."""
    found = [finding for finding in report.findings if finding.code == code]
    assert found, f"no {code} among {[finding.code for finding in report.findings]}"
    assert found[0].message_zh
    return found[0]


def codes(report: LintReport) -> set[str]:
    return {finding.code for finding in report.findings}


def mended(report: LintReport, *fixes: str) -> list[dict[str, Any]]:
    """The rows after these fixes (none named: the recommended ones), which must change nothing a second time."""
    once = _mend(report, fixes)
    again = lint(once, LintOptions(near_duplicates=False))
    twice = _mend(again, [code for code in fixes if code in again.fixes] if fixes else ())
    if not fixes or any(code in again.fixes for code in fixes):
        assert twice.read_bytes() == once.read_bytes()
    return [json.loads(line) for line in once.read_text(encoding="utf-8").splitlines()]


def _mend(report: LintReport, fixes: Sequence[str]) -> Path:
    source = open_source(report.path)
    out = report.path.with_name(f"mended-{report.path.stem}.jsonl")
    write_fixed(source, plan_fixes(source, report, codes=fixes or None), out)
    return out
