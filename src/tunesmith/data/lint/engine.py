"""Lint a training file: every row is read once, every check sees it, and the findings come out in one report."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tunesmith.data.formats import FormatName
from tunesmith.data.lint import near_duplicates
from tunesmith.data.lint.blocks import is_by_line, lint_rows, rows_at
from tunesmith.data.lint.check import LintContext, LintRow
from tunesmith.data.lint.parallel import read_in_parallel
from tunesmith.data.lint.part import Part, chosen, new_part, wanted
from tunesmith.data.lint.registry import CHECKS
from tunesmith.data.lint.report import LintReport
from tunesmith.data.lint.settings import LintSettings
from tunesmith.data.sources import Source, open_source
from tunesmith.findings import Finding

# Below this the processes take longer to start than one needs to read.
MIN_PARALLEL_BYTES = 16 * 2**20
# A person who waits gains little from more, and the index is merged by one.
MAX_PROCESSES = 8


@dataclass(frozen=True, slots=True)
class LintOptions:
    """`only` and `skip` are codes of findings. `validation` is the file that must not share rows with this one.

    `processes`: how many read a large file; None takes what the machine has. `near_duplicates` can be left out because
    it costs half as much as everything else together.
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


def lint(file: Path | Source, options: LintOptions | None = None) -> LintReport:
    """Read the whole file once, in bounded memory: an index of about 100 bytes a row, and 128 in temporary files.

    Raises InvalidFile for a file that cannot be read at all, TunesmithError when a process that reads is killed.
    """
    options = options or LintOptions()
    source = file if isinstance(file, Source) else _open(file, options)
    context = LintContext(
        options.settings, options.tokenizer_folder, options.context_length, options.validation, source
    )
    modules = chosen(CHECKS, only=options.only, skip=options.skip)
    if not options.near_duplicates:
        modules = [module for module in modules if module is not near_duplicates]
    part = new_part(modules, context)
    processes = options.processes or min(MAX_PROCESSES, _n_cores())
    if processes > 1 and is_by_line(source) and source.path.stat().st_size >= MIN_PARALLEL_BYTES:
        for later in read_in_parallel(source, modules, context, processes=processes):
            part.merge(later)
    else:
        for row in lint_rows(source):
            if isinstance(row, Finding):
                part.see_unreadable(row)
            else:
                part.see(row)
    return _report(source, part, options)


def _open(path: Path, options: LintOptions) -> Source:
    return open_source(
        path,
        name=options.name,
        format=options.format,
        mapping=options.mapping,
        encoding=options.encoding,
        sheet=options.sheet,
    )


def _n_cores() -> int:
    """The cores this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _report(source: Source, part: Part, options: LintOptions) -> LintReport:
    findings = [*source.findings, *part.findings()]
    shown = [finding for finding in findings if wanted(finding.code, only=options.only, skip=options.skip)]
    named = {finding.fix for finding in shown}
    return LintReport(
        name=source.name,
        path=source.path,
        container=source.table.container,
        encoding=source.table.encoding,
        format=source.format,
        detection=source.detection.to_json(),
        n_rows=part.n_rows,
        n_examples=part.n_examples,
        findings=tuple(shown),
        fixes={code: fix for code, fix in part.fixes().items() if code in named or not fix.recommended},
        stats=part.statistics.to_json(_median(source, part)),
    )


def _median(source: Source, part: Part) -> LintRow | None:
    position = part.statistics.median_position()
    return next(rows_at(source, [position]), None) if position is not None else None
