"""A walk through what lint recommends: every fix with its rows and some examples, then a new file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tunesmith.data.fixes import UNREADABLE, Change, FixPlan, plan_fixes, write_fixed
from tunesmith.data.formats.detect import DESCRIPTIONS, DESCRIPTIONS_ZH
from tunesmith.data.lint.check import Fix
from tunesmith.data.lint.engine import lint
from tunesmith.data.lint.report import LintReport
from tunesmith.data.prepare.dialogue import Ask, Prepared, Say
from tunesmith.data.prepare.write_jsonl import free_names
from tunesmith.data.sources import Source
from tunesmith.findings import SEVERITIES, Finding, Language

MAX_SAMPLES = 60
SAMPLES_OF_A_FIX = 3
# Container findings that only mean "it will be written as JSON Lines in UTF-8".
REWRITE = "rewrite"

_TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "analyzing": "Analyzing...\n",
        "rows": "\n- Your file holds {n} rows: {what}\n",
        "actions": "\nBased on the analysis we will perform the following actions:\n",
        "unreadable": "- [Necessary] Leave out {n} rows that cannot be read\n",
        "rewrite": "- [Necessary] Write the rows as JSON Lines in UTF-8\n",
        "fix": "- [Recommended] {what} ({n} rows) [Y/n]: ",
        "line": "    line {line}\n",
        "nothing": "\nNo remediations found.\n\nYou can use your file for fine-tuning.\n",
        "by_hand": "\nTo be mended by hand:\n",
        "proceed": "\n\nYour data will be written to a new JSONL file. Proceed [Y/n]: ",
        "aborted": "Aborting... did not write the file\n",
        "wrote": "\nWrote modified file to `{path}`: {kept} rows as they were, {changed} changed, {removed} left out\n"
        "Feel free to take a look!\n",
    },
    "zh": {
        "analyzing": "正在检查……\n",
        "rows": "\n- 文件中有 {n} 行：{what}\n",
        "actions": "\n根据检查结果，将进行以下操作：\n",
        "unreadable": "- [必须] 去掉无法读取的 {n} 行\n",
        "rewrite": "- [必须] 改写为 UTF-8 编码的 JSON Lines\n",
        "fix": "- [建议] {what}（{n} 行）[Y/n]: ",
        "line": "    第 {line} 行\n",
        "nothing": "\n没有需要修复的地方。\n\n可以直接用这个文件训练。\n",
        "by_hand": "\n需要手工修改：\n",
        "proceed": "\n\n数据将写入一个新的 JSONL 文件。继续？[Y/n]: ",
        "aborted": "已取消，没有写入文件\n",
        "wrote": "\n已写入 `{path}`：{kept} 行未变，{changed} 行有修改，去掉 {removed} 行\n欢迎打开看看！\n",
    },
}


def prepare_rows(source: Source, name: str, *, ask: Ask, say: Say, language: Language) -> Prepared:
    """Lint the rows, ask about each recommended fix, and write `NAME_prepared.jsonl` in the same format.

    The rows are read three times and not kept. Raises InvalidFile when their format is not clear.
    """
    text = _TEXTS[language]
    format_name = source.require_format()
    say(text["analyzing"])
    report = lint(source)
    what = (DESCRIPTIONS_ZH if language == "zh" else DESCRIPTIONS)[format_name]
    say(text["rows"].format(n=report.n_rows, what=what))
    _say_findings(report.findings, say, language)
    plan = plan_fixes(source, report, samples=MAX_SAMPLES)
    chosen, is_changed = _choose(plan, report, ask, say, language)
    _say_by_hand(report, chosen, say, language)
    has_errors = _has_errors(report, chosen)
    if not is_changed:
        say(text["nothing"])
        return Prepared(name, format=format_name, has_errors=has_errors)
    if not ask(text["proceed"]):
        say(text["aborted"])
        return Prepared(None, format=format_name)
    (path,) = free_names(name, [""])
    done = write_fixed(source, replace(plan, fixes=tuple(chosen)), Path(path))
    say(text["wrote"].format(path=path, kept=done.kept, changed=done.changed, removed=done.removed))
    return Prepared(path, format=format_name, has_errors=has_errors)


def _say_findings(findings: Sequence[Finding], say: Say, language: Language) -> None:
    for severity in SEVERITIES:
        for finding in findings:
            if finding.severity == severity:
                say(f"- {finding.text(language)}\n")


def _choose(plan: FixPlan, report: LintReport, ask: Ask, say: Say, language: Language) -> tuple[list[Fix], bool]:
    """(the fixes agreed to, whether a file has to be written)."""
    text = _TEXTS[language]
    n_unreadable = plan.by_code.get(UNREADABLE.code, 0)
    has_to_rewrite = any(finding.fix == REWRITE for finding in report.findings)
    offered = [fix for fix in plan.fixes if fix.code != UNREADABLE.code and plan.by_code.get(fix.code)]
    if not n_unreadable and not has_to_rewrite and not offered:
        return [], False
    say(text["actions"])
    if n_unreadable:
        say(text["unreadable"].format(n=n_unreadable))
    if has_to_rewrite:
        say(text["rewrite"])
    chosen = []
    for fix in offered:
        samples = [sample for sample in plan.samples if sample.code == fix.code][:SAMPLES_OF_A_FIX]
        what = fix.texts.zh if language == "zh" else fix.texts.en
        if ask(f"{_shown(samples, text['line'])}{text['fix'].format(what=what, n=plan.by_code[fix.code])}"):
            chosen.append(fix)
    return chosen, bool(n_unreadable or has_to_rewrite or chosen)


def _shown(samples: Sequence[Change], line: str) -> str:
    """The rows as a diff: what goes, and what comes in its place."""
    shown = ""
    for sample in samples:
        shown += f"{line.format(line=sample.line)}      - {_visible(sample.before)}\n"
        if sample.after is not None:
            shown += f"      + {_visible(sample.after)}\n"
    return shown


def _visible(text: str) -> str:
    """Control characters and odd spaces as escapes: a diff must show what changes, and not run it."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def _say_by_hand(report: LintReport, chosen: Sequence[Fix], say: Say, language: Language) -> None:
    """The errors that no fix was taken for."""
    codes = {fix.code for fix in chosen} | {REWRITE, UNREADABLE.code}
    left = [finding for finding in report.findings if finding.severity == "error" and finding.fix not in codes]
    if left:
        say(_TEXTS[language]["by_hand"])
        _say_findings(left, say, language)


def _has_errors(report: LintReport, chosen: Sequence[Fix]) -> bool:
    """Whether the new file will hold what a training refuses; rows that cannot be read do not come that far."""
    codes = {fix.code for fix in chosen} | {REWRITE, UNREADABLE.code}
    return any(
        finding.code in ("unusable_rows", "too_few_examples") or (finding.severity == "error" and finding.fix)
        for finding in report.findings
        if finding.fix not in codes
    )
