"""`tunesmith data lint FILE`: what is wrong with the rows, where, and what mends it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tunesmith.cli import terminal
from tunesmith.cli.data.against import EMBEDDED, TokenModel, Validation, tokenizer_of
from tunesmith.cli.data.findings_view import print_counts, print_findings
from tunesmith.cli.data.input_file import (
    Encoding,
    Format,
    Mapping,
    Sheet,
    check_readable,
    open_input,
)
from tunesmith.cli.data.language import Lang, Say, speaker
from tunesmith.cli.data.output_file import Force, new_file
from tunesmith.cli.data.summary import summary_line
from tunesmith.cli.data.thresholds import Only, Set, Skip, check_names, settings_of
from tunesmith.cli.terminal import AsJson
from tunesmith.findings import Language

if TYPE_CHECKING:
    from tunesmith.data.lint.report import LintReport


def lint(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="JSONL, JSON, CSV, TSV, XLSX, TXT or Parquet, also gzipped."),
    ] = None,
    validation: Validation = None,
    format: Format = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    only: Only = None,
    skip: Skip = None,
    set_: Set = None,
    model: TokenModel = EMBEDDED,
    near_duplicates: Annotated[
        bool, typer.Option("--near-duplicates/--no-near-duplicates", help="Also rows that are almost the same.")
    ] = True,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="REPORT", help="Also write a report as one HTML file.")
    ] = None,
    force: Force = False,
    list_checks: Annotated[
        bool, typer.Option("--list-checks", help="Show every check and threshold, and where the number is from.")
    ] = False,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Check the rows: what is wrong, in which lines, and what mends it. Exit code 1 if there are errors.

    The file is only read. Warnings and notes are for you to judge; errors stop training.

    \b
    Examples:
      tunesmith data lint train.jsonl
      tunesmith data lint train.jsonl --validation valid.jsonl --html report.html
      tunesmith data lint faq.csv --map question=prompt --map reply=completion
      tunesmith data lint train.jsonl --skip html --set max_refusal_share=5%
      tunesmith data lint --list-checks
    """
    language, say = speaker(lang)
    if list_checks:
        from tunesmith.cli.data.checks_view import print_checks

        return print_checks(language, say, as_json=as_json)
    if file is None:
        raise typer.BadParameter("Which file? For example: tunesmith data lint train.jsonl", param_hint="FILE")
    if html:
        new_file(html, force=force, sources=(file,))
    from tunesmith.data.lint.catalogue import all_codes
    from tunesmith.data.lint.engine import LintOptions
    from tunesmith.data.lint.engine import lint as lint_file

    folder, context_length = tokenizer_of(model)
    codes = all_codes()
    options = LintOptions(
        validation=check_readable(validation) if validation else None,
        only=check_names(only, codes, what="check", option="--only") or None,
        skip=check_names(skip, codes, what="check", option="--skip"),
        settings=settings_of(set_),
        near_duplicates=near_duplicates,
        tokenizer_folder=folder,
        context_length=context_length,
    )
    source = open_input(file, format=format, mapping=mapping, encoding=encoding, sheet=sheet)
    with terminal.err.status(say("Reading ...", "正在检查……")):
        report = lint_file(source, options=options)
    if html:
        _write_html(report, html, language)
    if as_json:
        terminal.print_json(report.to_json(language if lang else None))
    else:
        _print(report, file, html, language, say)
    if report.has_errors:
        raise typer.Exit(1)


def _write_html(report: LintReport, target: Path, language: Language) -> None:
    from tunesmith.data.html_report import html_report
    from tunesmith.data.whole_file import whole_file

    with whole_file(target) as part:
        part.write_text(html_report(report, language=language), encoding="utf-8")


def _print(report: LintReport, file: Path, html: Path | None, language: Language, say: Say) -> None:
    terminal.out.print(summary_line(report, say), style="bold")
    if report.findings:
        terminal.out.print()
        print_findings(report.findings, fixes=report.fixes, language=language, say=say)
        terminal.out.print()
        print_counts(report.findings, say)
    else:
        terminal.out.print(say("Nothing found: every check passed.", "没有发现问题：所有检查都通过了。"), style="green")
    if html:
        terminal.err.print(say(f"Report: {html}", f"报告：{html}"))
    if report.fixes:
        name = shlex.quote(str(file))
        terminal.err.print(
            say(f"See what would be mended: tunesmith data fix {name}", f"查看修复方案：tunesmith data fix {name}")
        )
