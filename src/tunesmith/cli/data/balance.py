"""`tunesmith data balance FILE`: answers that come too often are thinned out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tunesmith.cli import terminal
from tunesmith.cli.data.findings_view import print_findings
from tunesmith.cli.data.input_file import Encoding, Format, InputFile, Mapping, Sheet, open_input, wrong_use
from tunesmith.cli.data.language import Lang, Say, speaker
from tunesmith.cli.data.output_file import Force, Out, beside, new_file
from tunesmith.cli.data.visible import visible
from tunesmith.cli.terminal import AsJson
from tunesmith.findings import Language

if TYPE_CHECKING:
    from tunesmith.data.balance import Balance

MOST_ANSWERS = 20
ANSWER_CHARS = 60


def balance(
    file: InputFile,
    at_most: Annotated[int | None, typer.Option(min=1, help="At most this many rows of every answer.")] = None,
    max_ratio: Annotated[
        float | None, typer.Option(min=1, help="At most this many times as often as the rarest. Default: 10.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed keeps the same rows.")] = 0,
    out: Out = None,
    format: Format = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    force: Force = False,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Thin out the answers that come too often, so that no label drowns the others. No row is doubled.

    \b
    Examples:
      tunesmith data balance labels.jsonl
      tunesmith data balance labels.jsonl --at-most 200 --seed 7
    """
    language, say = speaker(lang)
    target = new_file(out or beside(file, "balanced"), force=force, sources=(file,))
    from tunesmith.data.balance import balance as balance_file

    source = open_input(file, format=format, mapping=mapping, encoding=encoding, sheet=sheet)
    with wrong_use():
        done = balance_file(source, out=target, at_most=at_most, max_ratio=max_ratio, seed=seed)
    terminal.print_json(done.to_json()) if as_json else _print(done, language, say)


def _print(done: Balance, language: Language, say: Say) -> None:
    answers, at_most = done.facts["answers"], done.facts["at_most"]
    shown = terminal.table(say("ANSWER", "回答"), say("BEFORE", "之前"), say("AFTER", "之后"))
    for answer, counts in list(answers.items())[:MOST_ANSWERS]:
        shown.add_row(visible(answer)[:ANSWER_CHARS], f"{counts['before']:,}", f"{counts['after']:,}")
    terminal.print_table(shown)
    if len(answers) > MOST_ANSWERS:
        more = len(answers) - MOST_ANSWERS
        terminal.out.print(say(f"and {more} or more other answers", f"另有至少 {more} 种回答"))
    if done.findings:
        terminal.out.print()
        print_findings(done.findings, fixes={}, language=language, say=say)
    terminal.out.print(
        say(
            f"\n{done.path}  {done.n_written:,} of {done.n_rows:,} rows, at most {at_most:,} of an answer",
            f"\n{done.path}  {done.n_rows:,} 行中的 {done.n_written:,} 行，每种回答最多 {at_most:,} 行",
        )
    )
