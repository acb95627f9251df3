"""`tunesmith data pii FILE`: personal data and secrets in the rows, by kind; masked or dropped into a new file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tunesmith.cli import terminal
from tunesmith.cli.data.input_file import Encoding, Format, InputFile, Mapping, Sheet, open_input, wrong_use
from tunesmith.cli.data.language import Lang, Say, speaker
from tunesmith.cli.data.output_file import Force, Out, beside, new_file
from tunesmith.cli.data.thresholds import check_names
from tunesmith.cli.data.visible import visible
from tunesmith.cli.terminal import AsJson, CommandFailed

if TYPE_CHECKING:
    from tunesmith.data.fixes import FixPlan
    from tunesmith.data.personal_data_survey import Survey

MOST_LINES = 5


def pii(
    file: InputFile,
    mask: Annotated[bool, typer.Option("--mask", help="Write a file with <PHONE_1> and the like instead.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Write a file without the rows that hold any.")] = False,
    kind: Annotated[
        list[str] | None,
        typer.Option("--kind", metavar="KIND", help="Only this kind (email, phone, ...); may be repeated."),
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="Also names and addresses, as far as rules find them.")
    ] = False,
    ner: Annotated[
        bool, typer.Option("--ner", help="The same with presidio and spaCy: pip install 'tunesmith[pii]'.")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="Print what was found in full instead of p***n@e***m.")] = False,
    out: Out = None,
    format: Format = None,
    mapping: Mapping = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    force: Force = False,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Find personal data and secrets in the rows, and mask them or drop the rows, into a new file.

    Within a row the same number gets the same mask, so that the text still makes sense. A model learns such things by
    heart and repeats them to strangers.

    \b
    Examples:
      tunesmith data pii train.jsonl
      tunesmith data pii train.jsonl --mask --out masked.jsonl
      tunesmith data pii train.jsonl --drop --kind secret --kind bank_card
      tunesmith data pii train.jsonl --names --mask
    """
    _, say = speaker(lang)
    if mask and drop:
        raise typer.BadParameter("Give --mask or --drop, not both.")
    from tunesmith.data.personal_data_survey import survey, write_without
    from tunesmith.data.pii import KINDS, OPTIONAL_KINDS, NamedEntities

    kinds: Any = check_names(kind, (*KINDS, *OPTIONAL_KINDS), what="kind", option="--kind") or KINDS
    if names or ner:
        kinds = tuple(dict.fromkeys((*kinds, *OPTIONAL_KINDS)))
    target = None
    if mask or drop:
        target = new_file(out or beside(file, "masked" if mask else "without-pii"), force=force, sources=(file,))
    elif out:
        raise CommandFailed("--out needs --mask or --drop.", exit_code=2)
    source = open_input(file, format=format, mapping=mapping, encoding=encoding, sheet=sheet)
    with terminal.err.status(say("Reading ...", "正在查找……")), wrong_use():
        entities = NamedEntities() if ner else None
        found = survey(source, kinds=kinds, entities=entities)
        action: Literal["mask", "drop"] = "mask" if mask else "drop"
        done = write_without(source, target, action=action, kinds=kinds, entities=entities) if target else None
    if as_json:
        return terminal.print_json(_json(found, done, target, show=show))
    _print(found, say, show=show)
    if done and target:
        terminal.out.print(
            say(
                f"\nWrote {target}: {done.changed:,} rows masked, {done.removed:,} left out, {done.kept:,} as before",
                f"\n已写入 {target}：打码 {done.changed:,} 行，去掉 {done.removed:,} 行，保留 {done.kept:,} 行",
            )
        )
    elif found.kinds:
        name = shlex.quote(str(file))
        terminal.err.print(say("\nMask it: ", "\n打码：") + f"tunesmith data pii {name} --mask")


def _json(found: Survey, done: FixPlan | None, target: Path | None, *, show: bool) -> dict[str, Any]:
    kinds = [
        {
            "kind": one.kind,
            "found": one.n_found,
            "rows": one.lines.count,
            "lines": one.lines.first[:MOST_LINES],
            "example": one.example if show else hidden(one.example),
        }
        for one in found.kinds
    ]
    written = None
    if done:
        written = {"masked": done.changed, "removed": done.removed, "kept": done.kept}
    return {
        "object": "personal_data",
        "n_rows": found.n_rows,
        "kinds": kinds,
        "out": str(target) if target else None,
        "written": written,
    }


def _print(found: Survey, say: Say, *, show: bool) -> None:
    from tunesmith.data.pii import KIND_NAMES

    if not found.kinds:
        terminal.out.print(
            say(f"No personal data found in {found.n_rows:,} rows.", f"{found.n_rows:,} 行里没有发现个人信息。"),
            style="green",
        )
        return
    shown = terminal.table(
        say("KIND", "类型"), "", say("FOUND", "个数"), say("ROWS", "行数"), say("LINES", "行"), say("SUCH AS", "例如")
    )
    for one in found.kinds:
        en, _, zh = KIND_NAMES[one.kind]
        count, first = one.lines.count, one.lines.first[:MOST_LINES]
        lines = ", ".join(map(str, first)) + (", ..." if count > len(first) else "")
        example = visible(one.example if show else hidden(one.example))
        shown.add_row(one.kind, say(en, zh), f"{one.n_found:,}", f"{count:,}", lines, example)
    terminal.print_table(shown)


def hidden(text: str) -> str:
    """The first and the last character of every part, so that a table can be shown to others."""
    parts = text.split("@")
    return "@".join(f"{part[0]}***{part[-1]}" if len(part) > 2 else "***" for part in parts)
