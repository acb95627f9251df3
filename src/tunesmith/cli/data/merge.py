"""`tunesmith data merge FILES`: several files become one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tunesmith.cli import terminal
from tunesmith.cli.data.findings_view import print_findings
from tunesmith.cli.data.input_file import RowFormat, check_readable, open_input, wrong_use
from tunesmith.cli.data.language import Lang, Say, speaker
from tunesmith.cli.data.output_file import Force, Out, beside, new_file
from tunesmith.cli.data.summary import FORMATS
from tunesmith.cli.terminal import AsJson
from tunesmith.findings import Language

if TYPE_CHECKING:
    from tunesmith.data.merge import Merge


def merge(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Two or more files of rows.")],
    to: Annotated[
        RowFormat | None, typer.Option("--to", help="The format to write. Default: theirs, or chat where they differ.")
    ] = None,
    deduplicate: Annotated[
        bool, typer.Option("--deduplicate/--keep-duplicates", help="Keep only the first of equal rows.")
    ] = True,
    out: Out = None,
    force: Force = False,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Put the rows of several files into one, in one format, without rows that come twice.

    \b
    Examples:
      tunesmith data merge train.jsonl train.more.jsonl
      tunesmith data merge 一月.xlsx 二月.csv --out 问答.jsonl
    """
    language, say = speaker(lang)
    for path in files:
        check_readable(path)
    target = new_file(out or beside(files[0], "merged"), force=force, sources=tuple(files))
    from tunesmith.data.merge import merge as merge_files

    sources = [open_input(path) for path in files]
    with wrong_use():
        done = merge_files(sources, out=target, to=to, deduplicate=deduplicate)
    terminal.print_json(done.to_json()) if as_json else _print(done, language, say)


def _print(done: Merge, language: Language, say: Say) -> None:
    shown = terminal.table(
        say("FILE", "文件"),
        say("FORMAT", "格式"),
        say("ROWS", "行数"),
        say("TAKEN", "采用"),
        say("TWICE", "重复"),
        say("UNUSABLE", "不可用"),
    )
    for one in done.files:
        counts = (one.n_rows, one.n_written, one.n_duplicates, one.n_skipped)
        shown.add_row(one.name, say(*FORMATS[one.format]), *(f"{count:,}" for count in counts))
    terminal.print_table(shown)
    if done.findings:
        terminal.out.print()
        print_findings(done.findings, fixes={}, language=language, say=say)
    terminal.out.print(say(f"\n{done.path}  {done.n_written:,} rows", f"\n{done.path}  {done.n_written:,} 行"))
