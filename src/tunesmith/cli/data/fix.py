"""`tunesmith data fix FILE`: what would be mended, like a diff; then a new file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from tunesmith.cli import terminal
from tunesmith.cli.data.against import EMBEDDED, TokenModel, Validation, tokenizer_of
from tunesmith.cli.data.input_file import Encoding, Format, InputFile, Mapping, Sheet, check_readable, open_input
from tunesmith.cli.data.language import Lang, Say, speaker
from tunesmith.cli.data.output_file import Force, Out, beside, new_file
from tunesmith.cli.data.thresholds import Set, check_names, settings_of
from tunesmith.cli.data.visible import cut_to, visible
from tunesmith.cli.terminal import AsJson, Yes
from tunesmith.findings import Language

if TYPE_CHECKING:
    from tunesmith.data.fixes import FixPlan
    from tunesmith.data.lint.report import LintReport

PIPED_CELLS = 160


def fix(
    file: InputFile,
    out: Out = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="FIX", help="Only these fixes; may be repeated. Default: the recommended ones."),
    ] = None,
    samples: Annotated[int, typer.Option(min=0, max=1000, help="How many changes to show.")] = 10,
    format: Format = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    set_: Set = None,
    validation: Validation = None,
    model: TokenModel = EMBEDDED,
    near_duplicates: Annotated[
        bool, typer.Option("--near-duplicates/--no-near-duplicates", help="Also look for almost equal rows.")
    ] = True,
    force: Force = False,
    yes: Yes = False,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Mend what lint found: shows which rows would go and which would change, asks, and writes a new file.

    The file itself is never touched. With --json, prints the plan, and writes only if --yes is given.

    \b
    Examples:
      tunesmith data fix train.jsonl
      tunesmith data fix train.jsonl --only strip_html --out clean.jsonl --yes
      tunesmith data fix train.jsonl --validation valid.jsonl
      tunesmith data fix faq.csv --map question=prompt --map reply=completion
    """
    language, say = speaker(lang)
    target = new_file(out or beside(file, "fixed"), force=force, sources=(file,))
    from tunesmith.data.fixes import plan_fixes, write_fixed
    from tunesmith.data.lint.engine import LintOptions
    from tunesmith.data.lint.engine import lint as lint_file

    folder, context_length = tokenizer_of(model)
    options = LintOptions(
        settings=settings_of(set_),
        near_duplicates=near_duplicates,
        validation=check_readable(validation) if validation else None,
        tokenizer_folder=folder,
        context_length=context_length,
    )
    source = open_input(file, format=format, mapping=mapping, encoding=encoding, sheet=sheet)
    source.require_format()
    with terminal.err.status(say("Reading ...", "正在检查……")):
        report = lint_file(source, options=options)
        codes = check_names(only, report.fixes, what="fix for this file", option="--only") or None
        plan = plan_fixes(source, report, codes=codes, samples=samples)
    if as_json:
        done = write_fixed(source, plan, target) if yes else plan
        return terminal.print_json(done.to_json() | {"out": str(target) if yes else None})
    rewritten = [finding for finding in source.findings if finding.fix == "rewrite"]
    if not (plan.removed or plan.changed or rewritten):
        terminal.out.print(say("Nothing to fix.", "没有需要修复的地方。"), style="green")
        return _print_optional(report, plan, language, say)
    for finding in rewritten:
        terminal.out.print(Text(visible(finding.text(language)), style="dim"), soft_wrap=not terminal.out.is_terminal)
    if rewritten:
        terminal.out.print(say("The new file is JSON lines in UTF-8.\n", "新文件是 UTF-8 编码的 JSONL。\n"))
    _print_plan(plan, language, say)
    _print_optional(report, plan, language, say)
    terminal.confirm(say(f"Write {target}?", f"写入 {target}？"), yes=yes)
    write_fixed(source, plan, target)
    terminal.out.print(
        say(f"Wrote {target}: {plan.kept + plan.changed:,} rows", f"已写入 {target}：{plan.kept + plan.changed:,} 行")
    )


def _print_plan(plan: FixPlan, language: Language, say: Say) -> None:
    for change in plan.samples:
        why, before = change.why, change.before
        if language == "zh":
            why, before = change.why_zh, change.before_zh or before
        head = Text(say(f"line {change.line}", f"第 {change.line} 行"), style="bold")
        terminal.out.print(head + Text(f"  {change.code}: {why}", style="dim"))
        terminal.out.print(Text(_line("-", before), style="red"))
        if change.after is not None:
            terminal.out.print(Text(_line("+", change.after), style="green"))
    if plan.samples:
        terminal.out.print()
    counted = terminal.table(say("FIX", "修复"), say("ROWS", "行数"), say("WHAT", "做什么"))
    texts = {one.code: one.texts for one in plan.fixes}
    for code, count in plan.by_code.items():
        text = texts.get(code)
        counted.add_row(code, f"{count:,}", "" if text is None else text.zh if language == "zh" else text.en)
    if plan.by_code:
        terminal.out.print(counted, soft_wrap=False) if terminal.out.is_terminal else terminal.print_table(counted)
        terminal.out.print()
    terminal.out.print(
        say(
            f"{plan.removed:,} rows removed, {plan.changed:,} changed, {plan.kept:,} as they are",
            f"删除 {plan.removed:,} 行，修改 {plan.changed:,} 行，保留 {plan.kept:,} 行",
        ),
        style="bold",
    )


def _print_optional(report: LintReport, plan: FixPlan, language: Language, say: Say) -> None:
    """Fixes that are for the user to decide, with the line that takes one."""
    taken = {one.code for one in plan.fixes}
    left = [one for one in report.fixes.values() if one.code not in taken]
    if not left:
        return
    terminal.err.print(say("\nNot taken unless you ask:", "\n以下修复需要你自己决定："))
    for one in left:
        terminal.err.print(f"  --only {one.code}  {one.texts.zh if language == 'zh' else one.texts.en}")


def _line(mark: str, text: str) -> str:
    """One line, whatever the width: a diff is read down, not across."""
    cells = terminal.out.width - 2 if terminal.out.is_terminal else PIPED_CELLS
    return f"{mark} {cut_to(visible(text), cells)}"
