"""`tunesmith data sample FILE`: some rows, chosen by chance."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunesmith.cli import terminal
from tunesmith.cli.data.input_file import Encoding, Format, InputFile, Mapping, Sheet, open_input, share_of, wrong_use
from tunesmith.cli.data.language import Lang, speaker
from tunesmith.cli.data.output_file import Force, Out, beside, new_file
from tunesmith.cli.terminal import AsJson
from tunesmith.findings import Finding

if TYPE_CHECKING:
    from tunesmith.data.sources import Source

DEFAULT_ROWS = 100


def sample(
    file: InputFile,
    n: Annotated[int | None, typer.Option("--rows", "-n", min=1, help="How many rows. Default: 100.")] = None,
    share: Annotated[
        Any, typer.Option(parser=share_of, metavar="SHARE", help="Which part of the rows, such as 5%.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed chooses the same rows.")] = 0,
    out: Out = None,
    format: Format = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    force: Force = False,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Write some rows of a file, chosen by chance from a seed, in their old order.

    \b
    Examples:
      tunesmith data sample train.jsonl -n 20
      tunesmith data sample train.jsonl --share 5% --seed 7 --out small.jsonl
    """
    _, say = speaker(lang)
    target = new_file(out or beside(file, "sample"), force=force, sources=(file,))
    from tunesmith.data.sample import sample as sample_file

    source = open_input(file, format=format, mapping=mapping, encoding=encoding, sheet=sheet)
    wanted = _default(source) if n is None and share is None else n
    with wrong_use():
        done = sample_file(source, out=target, n=wanted, share=share, seed=seed)
    if as_json:
        return terminal.print_json(done.to_json())
    terminal.out.print(
        say(
            f"{done.path}  {done.n_written:,} of {done.n_rows:,} rows",
            f"{done.path}  {done.n_rows:,} 行中的 {done.n_written:,} 行",
        )
    )


def _default(source: Source) -> int:
    """A hundred rows, or all of a smaller file."""
    readable = (row for row in source.rows() if not isinstance(row, Finding))
    return sum(1 for _ in islice(readable, DEFAULT_ROWS))
