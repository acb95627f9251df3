"""Findings in a terminal: a table where there is room, a block each where there is not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tunesmith.cli import terminal
from tunesmith.cli.data.language import Say
from tunesmith.cli.data.visible import visible
from tunesmith.findings import SEVERITIES, Finding, Language, Severity, worst_first

if TYPE_CHECKING:
    from tunesmith.data.lint.check import Fix

STYLES: dict[Severity, str] = {"error": "bold red", "warning": "yellow", "info": "cyan"}
WORDS: dict[Severity, tuple[str, str]] = {
    "error": ("error", "错误"),
    "warning": ("warning", "警告"),
    "info": ("note", "提示"),
}
WIDE_ENOUGH = 110
MOST_LINES = 5


def print_findings(findings: Sequence[Finding], *, fixes: Mapping[str, Fix], language: Language, say: Say) -> None:
    """All findings, worst first. A pipe gets whole rows, so that `grep` sees a finding as one line."""
    if not terminal.out.is_terminal:
        return terminal.print_table(_table(findings, fixes, language, say, folded=False))
    if terminal.out.width >= WIDE_ENOUGH:
        return terminal.out.print(_table(findings, fixes, language, say, folded=True), soft_wrap=False)
    for finding in worst_first(findings):
        _print_block(finding, fixes, language, say)


def print_counts(findings: Sequence[Finding], say: Say) -> None:
    """`2 errors, 1 warning, 4 notes` in their colours."""
    parts = []
    for severity in SEVERITIES:
        n = sum(finding.severity == severity for finding in findings)
        en, zh = WORDS[severity]
        parts.append(
            Text(say(f"{n} {en}{'' if n == 1 else 's'}", f"{n} 个{zh}"), style=STYLES[severity] if n else "dim")
        )
    terminal.out.print(Text(say(", ", "，")).join(parts))


def lines_of(finding: Finding, language: Language) -> str:
    """`3, 9, 12, ... (41 rows)`; nothing for a finding about the whole file."""
    rows = finding.rows or (() if finding.line is None else (finding.line,))
    if not rows:
        return ""
    count = max(finding.count, len(rows))
    listed = ", ".join(map(str, rows[:MOST_LINES]))
    if count <= MOST_LINES:
        return listed
    return f"{listed}, ... " + (f"(共 {count:,} 行)" if language == "zh" else f"({count:,} rows)")


def _table(
    findings: Sequence[Finding], fixes: Mapping[str, Fix], language: Language, say: Say, *, folded: bool
) -> Table:
    made = terminal.table(say("SEVERITY", "级别"), say("CODE", "代码"), say("LINES", "行"), say("MESSAGE", "说明"))
    if folded:
        made = Table(box=None, pad_edge=False, header_style="bold", expand=True)
        made.add_column(say("SEVERITY", "级别"), no_wrap=True)
        made.add_column(say("CODE", "代码"), overflow="fold", max_width=28)
        made.add_column(say("LINES", "行"), overflow="fold", max_width=22)
        made.add_column(say("MESSAGE", "说明"), overflow="fold", ratio=1)
    for finding in worst_first(findings):
        message = Text(visible(finding.text(language)))
        if fix := fixes.get(finding.fix or ""):
            message.append(say("\nFix: ", "\n修复：") if folded else say("  Fix: ", "  修复："), style="dim")
            message.append(f"{fix.code} ({_text(fix, language)})", style="dim")
        made.add_row(_severity(finding, say), finding.code, lines_of(finding, language), message)
    return made


def _print_block(finding: Finding, fixes: Mapping[str, Fix], language: Language, say: Say) -> None:
    head = Text.assemble(_severity(finding, say), "  ", (finding.code, "bold"))
    if lines := lines_of(finding, language):
        word = say("lines" if "," in lines else "line", "行")
        head.append(f"  {word} {lines}", style="dim")
    terminal.out.print(head, soft_wrap=False)
    terminal.out.print(Padding(Text(visible(finding.text(language))), (0, 0, 0, 2), expand=False), soft_wrap=False)
    if fix := fixes.get(finding.fix or ""):
        told = Text(say("Fix: ", "修复：") + f"{fix.code} ({_text(fix, language)})", style="dim")
        terminal.out.print(Padding(told, (0, 0, 0, 2), expand=False), soft_wrap=False)
    terminal.out.print()


def _severity(finding: Finding, say: Say) -> Text:
    return Text(say(*WORDS[finding.severity]), style=STYLES[finding.severity])


def _text(fix: Fix, language: Language) -> str:
    return fix.texts.zh if language == "zh" else fix.texts.en
