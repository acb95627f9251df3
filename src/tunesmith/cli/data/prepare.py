"""`tunesmith data prepare FILE`: question by question to a file that can be trained on."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tunesmith.cli import terminal
from tunesmith.cli.data.input_file import Encoding, Format, InputFile, Mapping, Sheet, check_readable, mapping_of
from tunesmith.cli.data.language import Lang, Say, speaker
from tunesmith.cli.terminal import AsJson

if TYPE_CHECKING:
    from tunesmith.data.prepare import Prepared


def prepare(
    file: InputFile,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Accept all recommendations, for scripts.")] = False,
    format: Format = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Look at rows, answer a few questions, and get a file that can be trained on.

    Files with prompt and completion get the dialogue of `openai tools fine_tunes.prepare_data` of 2023: the same
    words, the same questions, the same bytes. Rows of any other kind are walked through the fixes that lint
    recommends. Writes FILE_prepared.jsonl beside the file; nothing is ever overwritten. With --json, accepts all
    recommendations and prints the files to train on.

    \b
    Examples:
      tunesmith data prepare questions.csv
      tunesmith data prepare train.jsonl -q
    """
    language, say = speaker(lang)
    from tunesmith.data.prepare import ValidatorError, prepare_any

    name = str(check_readable(file))
    try:
        prepared = prepare_any(
            name,
            ask=None if quiet or as_json else _ask,
            say=_say_nothing if as_json else _say,
            language=language,
            format=format,
            mapping=mapping_of(mapping),
            encoding=encoding,
            sheet=sheet,
        )
    except ValidatorError as error:
        typer.echo(error.text, err=True)
        raise typer.Exit(1) from None
    if as_json:
        return terminal.print_json(asdict(prepared))
    if prepared.training_file is not None:
        terminal.err.print(_next_step(prepared, say))


def _say(text: str) -> None:
    typer.echo(text, nl=False)


def _say_nothing(text: str) -> None:
    """With --json only the result is printed."""


def _ask(question: str) -> bool:
    """As in 2023: anything but `n` is yes."""
    typer.echo(question, nl=False)
    answer = sys.stdin.readline()
    if not answer:
        raise typer.Abort
    return answer.strip().lower() != "n"


def _next_step(prepared: Prepared, say: Say) -> str:
    """What to paste now. Supervised jobs learn from answers, not from pairs of them."""
    file = shlex.quote(prepared.training_file or "")
    if prepared.format == "preference":
        words = say(
            "To learn from the preferred answers, make chat rows of them:", "要学习其中更好的回答，先转成对话："
        )
        return f"\n{words}\n> tunesmith data convert {file} --to chat"
    if prepared.has_errors:
        words = say("Correct the rows named above, then look again:", "请先改正上面列出的行，再检查一次：")
        return f"\n{words}\n> tunesmith data lint {file}"
    validation = f" --validation-file {shlex.quote(prepared.validation_file)}" if prepared.validation_file else ""
    return f"\n{say('Train on it here:', '在这里训练：')}\n> tunesmith jobs create {file}{validation}"
