"""`tunesmith data lint --list-checks`: every check, what it means, its thresholds and where their numbers come from."""

from __future__ import annotations

import dataclasses
from typing import Any

from rich.padding import Padding
from rich.text import Text

from tunesmith.cli import terminal
from tunesmith.cli.data.findings_view import STYLES, WORDS
from tunesmith.cli.data.language import Say
from tunesmith.data.lint.catalogue import CATALOGUE, Entry
from tunesmith.data.lint.settings import THRESHOLDS
from tunesmith.findings import Language


def print_checks(language: Language, say: Say, *, as_json: bool) -> None:
    if as_json:
        return terminal.print_json(checks_json())
    for entry in CATALOGUE:
        _print_entry(entry, language, say)
    terminal.heading(say("Thresholds (change one with --set NAME=VALUE)", "阈值（用 --set 名称=值 修改）"))
    shown = terminal.table(say("NAME", "名称"), say("DEFAULT", "默认"), say("WHERE IT COMES FROM", "出处"))
    for one in THRESHOLDS.values():
        shown.add_row(one.name, _plain(one.default), one.source)
    terminal.out.print(shown, soft_wrap=False) if terminal.out.is_terminal else terminal.print_table(shown)


def checks_json() -> dict[str, Any]:
    return {
        "object": "lint_checks",
        "checks": [entry.to_json() for entry in CATALOGUE],
        "thresholds": [dataclasses.asdict(one) for one in THRESHOLDS.values()],
    }


def _print_entry(entry: Entry, language: Language, say: Say) -> None:
    head = Text(entry.code, style="bold")
    for severity in entry.severities:
        head.append("  ").append(say(*WORDS[severity]), style=STYLES[severity])
    if entry.fix:
        head.append(say(f"  fix: {entry.fix}", f"  修复：{entry.fix}"), style="dim")
    terminal.out.print(head)
    text = Text(entry.meaning.zh if language == "zh" else entry.meaning.en)
    _print_indented(text)
    if entry.thresholds:
        values = ", ".join(f"{name}={_plain(THRESHOLDS[name].default)}" for name in entry.thresholds)
        _print_indented(Text(values, style="dim"))


def _print_indented(text: Text) -> None:
    if terminal.out.is_terminal:
        terminal.out.print(Padding(text, (0, 0, 0, 2), expand=False), soft_wrap=False)
    else:
        terminal.out.print(Text("  ") + text)


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
