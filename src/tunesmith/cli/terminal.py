"""What commands print: answers on stdout, everything else on stderr, JSON when a script reads."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from typing import Annotated, Any

import orjson
import typer
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table

from tunesmith.errors import TunesmithError
from tunesmith.findings import Language

# Names like ft:m:p and rows with [brackets] are text, not markup.
out = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)

WIDEST = 1000
PADDING = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$", re.MULTILINE)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10000, help="At most this many, newest first.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


class CommandFailed(TunesmithError):
    """The command cannot do what was asked; `hint` is what to do next."""

    def __init__(self, message: str, *, hint: str | None = None, exit_code: int = 1) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = exit_code


def print_failure(message: str, hint: str | None = None, *, language: Language = "en") -> None:
    err.print(f"错误：{message}" if language == "zh" else f"Error: {message}", style="bold red")
    if hint:
        err.print(hint)


def heading(text: str) -> None:
    out.print(f"\n{text}\n", style="bold")


def print_json(value: Any) -> None:
    """One JSON document, indented; UTF-8 as it is."""
    typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())


def print_json_line(value: Any) -> None:
    typer.echo(orjson.dumps(value).decode())


def table(*columns: str) -> Table:
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def print_table(rows: Table) -> None:
    """Whole rows, however narrow the terminal: an id broken over two lines cannot be copied."""
    rows.width = out.measure(rows, options=out.options.update(width=WIDEST)).maximum
    with out.capture() as printed:
        out.print(rows)
    # the padding of the last column would wrap into empty lines
    sys.stdout.write(PADDING.sub(r"\1", printed.get()))


def print_fields(fields: dict[str, object]) -> None:
    """Name and value on a line each; fields without a value are left out."""
    width = max(cell_len(name) for name in fields)
    for name, value in fields.items():
        if value not in (None, "", [], {}):
            out.print(f"{set_cell_size(name, width)}  {value}")


def when(unix_s: int | None) -> str:
    """Local time of a Unix time in seconds."""
    return "" if unix_s is None else datetime.fromtimestamp(unix_s).strftime("%Y-%m-%d %H:%M:%S")


def size(n_bytes: int | None) -> str:
    if n_bytes is None:
        return ""
    value = float(n_bytes)
    for unit in ("B", "KB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that cannot be undone; a script must say --yes."""
    if not yes and not typer.confirm(question, err=True):
        raise typer.Exit(1)
