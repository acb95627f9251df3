"""`tunesmith data`: look at rows, check them, mend them, before they are trained on. No service needed."""

from __future__ import annotations

import typer

from tunesmith.cli.data.augment import augment
from tunesmith.cli.data.balance import balance
from tunesmith.cli.data.convert import convert
from tunesmith.cli.data.estimate import estimate
from tunesmith.cli.data.fix import fix
from tunesmith.cli.data.lint import lint
from tunesmith.cli.data.look import look
from tunesmith.cli.data.merge import merge
from tunesmith.cli.data.pii import pii
from tunesmith.cli.data.prepare import prepare
from tunesmith.cli.data.sample import sample
from tunesmith.cli.data.split import split

app = typer.Typer(
    no_args_is_help=True,
    help="""Look at rows, check them, mend them, before you train. Works on files here, without a service.

    \b
    Examples:
      tunesmith data look questions.csv           what is this file?
      tunesmith data lint train.jsonl             what is wrong with it?
      tunesmith data fix train.jsonl              mend it, into a new file
      tunesmith data prepare train.jsonl          question by question, as in 2023
      tunesmith data convert questions.csv        to chat JSONL
      tunesmith data split train.jsonl            training and validation
      tunesmith data estimate train.jsonl         tokens, time and memory
      tunesmith data pii train.jsonl              personal data and secrets
    """,
)

for command in (
    look,
    lint,
    fix,
    prepare,
    convert,
    split,
    sample,
    balance,
    merge,
    estimate,
    augment,
    pii,
):
    app.command()(command)
