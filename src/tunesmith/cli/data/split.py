"""`tunesmith data split FILE`: rows to train on and rows to measure on, with no row's twin on the other side."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunesmith.cli import terminal
from tunesmith.cli.data.findings_view import print_findings
from tunesmith.cli.data.input_file import Encoding, Format, InputFile, Mapping, Sheet, open_input, share_of, wrong_use
from tunesmith.cli.data.language import Lang, Say, speaker
from tunesmith.cli.data.output_file import Force, beside, new_file
from tunesmith.cli.data.visible import visible
from tunesmith.cli.terminal import AsJson
from tunesmith.findings import Language

if TYPE_CHECKING:
    from tunesmith.data.split import Split

MOST_LABELS = 12


def split(
    file: InputFile,
    valid_share: Annotated[
        Any,
        typer.Option("--valid-share", parser=share_of, metavar="SHARE", help="Part to measure on. Default: 10%."),
    ] = None,
    n_valid: Annotated[int | None, typer.Option(min=1, help="How many rows to measure on, instead of a share.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same split.")] = 0,
    train_out: Annotated[Path | None, typer.Option(metavar="PATH", help="Default: FILE.train.jsonl.")] = None,
    valid_out: Annotated[Path | None, typer.Option(metavar="PATH", help="Default: FILE.valid.jsonl.")] = None,
    near_duplicates: Annotated[
        bool, typer.Option("--near-duplicates/--no-near-duplicates", help="Keep almost equal rows on one side.")
    ] = True,
    format: Format = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    force: Force = False,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Divide a file into training and validation rows, by chance from a seed.

    Labels keep their proportions; rows that share a prompt, a passage or nearly all words stay on one side, so that
    the score does not measure memory.

    \b
    Examples:
      tunesmith data split train.jsonl
      tunesmith data split questions.csv --n-valid 200 --seed 7
    """
    language, say = speaker(lang)
    train_path = new_file(train_out or beside(file, "train"), force=force, sources=(file,))
    valid_path = new_file(valid_out or beside(file, "valid"), force=force, sources=(file,))
    from tunesmith.data.split import split as split_file

    source = open_input(file, format=format, mapping=mapping, encoding=encoding, sheet=sheet)
    with terminal.err.status(say("Reading ...", "正在读取……")), wrong_use():
        done = split_file(
            source,
            train_path=train_path,
            valid_path=valid_path,
            valid_share=valid_share,
            n_valid=n_valid,
            seed=seed,
            near_duplicates=near_duplicates,
        )
    terminal.print_json(done.to_json()) if as_json else _print(done, language, say)


def _print(done: Split, language: Language, say: Say) -> None:
    terminal.out.print(say(f"{done.train_path}  {done.n_train:,} rows", f"{done.train_path}  {done.n_train:,} 行"))
    terminal.out.print(say(f"{done.valid_path}  {done.n_valid:,} rows", f"{done.valid_path}  {done.n_valid:,} 行"))
    if labels := done.facts.get("labels"):
        shown = terminal.table(say("LABEL", "类别"), say("TRAINING", "训练"), say("VALIDATION", "验证"))
        for label, counts in list(labels.items())[:MOST_LABELS]:
            shown.add_row(visible(label), f"{counts['train']:,}", f"{counts['valid']:,}")
        terminal.out.print()
        terminal.print_table(shown)
        if len(labels) > MOST_LABELS:
            terminal.out.print(
                say(f"and {len(labels) - MOST_LABELS} more labels", f"另有 {len(labels) - MOST_LABELS} 个类别")
            )
    if done.findings:
        terminal.out.print()
        print_findings(done.findings, fixes={}, language=language, say=say)
    names = f"{shlex.quote(str(done.train_path))} --validation-file {shlex.quote(str(done.valid_path))}"
    terminal.err.print(say("\nTrain: ", "\n开始训练：") + f"tunesmith train {names}")
