"""The command `tunesmith`."""

from __future__ import annotations

import errno
import os
from typing import Annotated, Any

import typer
from typer._click import Context
from typer.core import TyperGroup

from tunesmith import __version__
from tunesmith.cli import data, files, jobs, keys, models, terminal
from tunesmith.cli.chat import chat
from tunesmith.cli.data.language import spoken_in
from tunesmith.cli.data.visible import visible
from tunesmith.cli.demo import demo
from tunesmith.cli.serve import serve
from tunesmith.cli.terminal import CommandFailed
from tunesmith.cli.train import train
from tunesmith.errors import InvalidFile, TunesmithError
from tunesmith.findings import Language


class Commands(TyperGroup):
    """Turns what a person can act on into one red line and an exit code; a bug still shows its traceback."""

    def invoke(self, ctx: Context) -> Any:
        try:
            return super().invoke(ctx)
        except InvalidFile as error:
            _print_invalid_file(error, spoken_in(ctx))
            raise typer.Exit(1) from None
        except TunesmithError as error:
            terminal.print_failure(visible(error.message), getattr(error, "hint", None), language=spoken_in(ctx))
            raise typer.Exit(error.exit_code if isinstance(error, CommandFailed) else 1) from None
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise
            where = f": {error.filename}" if error.filename else ""
            what = os.strerror(error.errno) if error.errno else str(error)
            terminal.print_failure(f"{what}{where}", language=spoken_in(ctx))
            raise typer.Exit(1) from None


MOST_FINDINGS = 20


def _print_invalid_file(error: InvalidFile, language: Language) -> None:
    """Every finding on a line; a single one that is the whole message is said once."""
    texts = [visible(finding.text(language)) for finding in error.findings[:MOST_FINDINGS]]
    if len(error.findings) == 1 and error.findings[0].message in error.message:
        before, _, after = error.message.partition(error.findings[0].message)
        return terminal.print_failure(visible(before) + texts[0] + visible(after), language=language)
    for text in texts:
        terminal.err.print(f"  {text}")
    terminal.print_failure(visible(error.message), language=language)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="""Fine-tune models on your own machine: an OpenAI-compatible service, and weights you own.

    \b
    Examples:
      tunesmith demo                        see a model get better
      tunesmith serve                       start the service
      tunesmith jobs create rows.jsonl --follow
      tunesmith chat tunesmith-nano -m "Hello"
      tunesmith train rows.jsonl            fine-tune without a service
      tunesmith data lint rows.jsonl        what is wrong with the rows?
    """,
)

app.command()(demo)
app.command()(serve)
app.command()(train)
app.command()(chat)
app.add_typer(data.app, name="data")
app.add_typer(files.app, name="files")
app.add_typer(jobs.app, name="jobs")
app.add_typer(models.app, name="models")
app.add_typer(keys.app, name="keys")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tunesmith {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The docstring is the help above."""


def main() -> None:
    app(prog_name="tunesmith")


if __name__ == "__main__":
    main()
