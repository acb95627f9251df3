"""Lint a training file: every row is read once, every check sees it, and the findings come out in one report."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tunesmith.data import tables
from tunesmith.data.formats import FormatName
from tunesmith.data.formats.detect import detect
from tunesmith.data.lint.check import Fix, LintContext
from tunesmith.data.lint.part import Part, chosen, new_part, wanted
from tunesmith.data.lint.registry import CHECKS
from tunesmith.data.lint.report import LintReport
from tunesmith.data.lint.rows import lint_row
from tunesmith.data.lint.settings import LintSettings
from tunesmith.findings import Finding


@dataclass(frozen=True, slots=True)
class LintOptions:
    """`only` and `skip` are codes of findings. `validation` is the file that must not share rows with this one.

    `processes`: how many read a large file; None takes what the machine has. `near_duplicates` can be left out because
    it costs more than everything else together.
    """

    name: str | None = None
    format: FormatName | None = None
    mapping: Mapping[str, str] | None = None
    encoding: str | None = None
    sheet: str | None = None
    validation: Path | None = None
    only: Collection[str] | None = None
    skip: Collection[str] = ()
    settings: LintSettings = field(default_factory=LintSettings)
    near_duplicates: bool = True
    tokenizer_folder: Path | None = None
    context_length: int | None = None
    processes: int | None = None


def lint(path: Path, options: LintOptions | None = None) -> LintReport:
    options = options or LintOptions()
    name = options.name or path.name
    context = LintContext(
        options.settings, options.tokenizer_folder, options.context_length, validation_path=options.validation
    )
    part = new_part(chosen(CHECKS, only=options.only, skip=options.skip), context)
    encoding = tables.detect_encoding(path, name=name)
    read = tables.read_elements if tables.is_array(path, encoding) else tables.read_lines
    format = None
    for position, (line, text) in enumerate(read(path, encoding, name=name), 1):
        row = tables.parse_row(line, text)
        if isinstance(row, Finding):
            part.see_unreadable(row)
            continue
        format = format or options.format or (detect(row.value) if isinstance(row.value, dict) else None)
        part.see(lint_row(row, position, format=format or "chat"))
    findings, fixes = _told(part, options)
    return LintReport(
        name,
        path,
        "jsonl",
        encoding,
        format,
        {},
        part.n_rows,
        part.n_examples,
        findings,
        fixes,
        part.statistics.to_json(),
    )


def _told(part: Part, options: LintOptions) -> tuple[tuple[Finding, ...], dict[str, Fix]]:
    findings = part.schema.findings()
    fixes: dict[str, Fix] = {}
    for check in part.checks:
        findings += check.findings()
        fixes |= {fix.code: fix for fix in check.fixes()}
    shown = [finding for finding in findings if wanted(finding.code, only=options.only, skip=options.skip)]
    named = {finding.fix for finding in shown}
    return tuple(shown), {code: fix for code, fix in fixes.items() if code in named}
