"""`tunesmith data pii FILE`: personal data and secrets in the rows, by kind; masked or dropped into a new file."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    from tunesmith.data.pii import Kind, NamedEntities
    from tunesmith.data.sources import Source

NAMES = {
    "email": ("e-mail address", "邮箱"),
    "phone": ("phone number", "电话号码"),
    "cn_resident_id": ("Chinese resident ID", "身份证号"),
    "bank_card": ("bank card number", "银行卡号"),
    "cn_uscc": ("unified social credit code", "统一社会信用代码"),
    "passport": ("passport number", "护照号"),
    "iban": ("IBAN", "IBAN 账号"),
    "ip": ("IP address", "IP 地址"),
    "secret": ("key or token", "密钥或令牌"),
    "name": ("person's name", "姓名"),
    "address": ("postal address", "住址"),
}
MOST_LINES = 5
NOT_TEXT = frozenset({"role", "id", "tool_call_id", "from", "type"})


@dataclass(slots=True)
class _Seen:
    """What was found of one kind."""

    found: int = 0
    rows: int = 0
    lines: list[int] = field(default_factory=list)
    example: str = ""


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
        seen, n_rows = _survey(source, kinds, entities)
        done = _write(source, kinds, entities, target, mask=mask) if target else None
    if as_json:
        return terminal.print_json(_json(seen, n_rows, done, target, show=show))
    _print(seen, n_rows, say, show=show)
    if done and target:
        terminal.out.print(
            say(
                f"\nWrote {target}: {done.changed:,} rows masked, {done.removed:,} left out, {done.kept:,} as before",
                f"\n已写入 {target}：打码 {done.changed:,} 行，去掉 {done.removed:,} 行，保留 {done.kept:,} 行",
            )
        )
    elif seen:
        name = shlex.quote(str(file))
        terminal.err.print(say("\nMask it: ", "\n打码：") + f"tunesmith data pii {name} --mask")


def _survey(source: Source, kinds: Collection[Kind], entities: NamedEntities | None) -> tuple[dict[str, _Seen], int]:
    """What is in the rows, the commonest kind first, and how many rows there are."""
    from tunesmith.data.pii import find_pii
    from tunesmith.findings import Finding

    seen: dict[str, _Seen] = {}
    n_rows = 0
    for row in source.rows():
        n_rows += 1
        if isinstance(row, Finding):
            continue
        matches = [match for text in _texts(row.value) for match in find_pii(text, kinds=kinds, entities=entities)]
        for match in matches:
            one = seen.setdefault(match.kind, _Seen())
            one.found += 1
            one.example = one.example or match.text
        for each in {match.kind for match in matches}:
            seen[each].rows += 1
            if len(seen[each].lines) < MOST_LINES:
                seen[each].lines.append(row.line)
    return dict(sorted(seen.items(), key=lambda item: -item[1].found)), n_rows


def _texts(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, str):
        if key not in NOT_TEXT:
            yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _texts(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _write(
    source: Source, kinds: Collection[Kind], entities: NamedEntities | None, target: Path, *, mask: bool
) -> FixPlan:
    """Masking and dropping are fixes like any other; what could not be read is left out."""
    from tunesmith.data.fixes import FixPlan, write_fixed
    from tunesmith.data.lint.check import Fix, Texts
    from tunesmith.data.pii import Masker

    def masked(value: dict[str, Any]) -> dict[str, Any]:
        return Masker(kinds, entities=entities).mask(value)

    def dropped(value: dict[str, Any]) -> dict[str, Any] | None:
        return value if masked(value) is value else None

    change: Callable[[dict[str, Any]], dict[str, Any] | None] = masked if mask else dropped
    fix = Fix("mask_personal_data" if mask else "drop_personal_data", Texts("", ""), change=change)
    return write_fixed(source, FixPlan(0, 0, 0, {}, (), (fix,)), target)


def _json(seen: dict[str, _Seen], n_rows: int, done: FixPlan | None, target: Any, *, show: bool) -> dict[str, Any]:
    kinds = [
        {
            "kind": kind,
            "found": one.found,
            "rows": one.rows,
            "lines": one.lines,
            "example": one.example if show else hidden(one.example),
        }
        for kind, one in seen.items()
    ]
    written = None
    if done:
        written = {"masked": done.changed, "removed": done.removed, "kept": done.kept}
    return {
        "object": "personal_data",
        "n_rows": n_rows,
        "kinds": kinds,
        "out": str(target) if target else None,
        "written": written,
    }


def _print(seen: dict[str, _Seen], n_rows: int, say: Say, *, show: bool) -> None:
    if not seen:
        terminal.out.print(
            say(f"No personal data found in {n_rows:,} rows.", f"{n_rows:,} 行里没有发现个人信息。"), style="green"
        )
        return
    found = terminal.table(
        say("KIND", "类型"), "", say("FOUND", "个数"), say("ROWS", "行数"), say("LINES", "行"), say("SUCH AS", "例如")
    )
    for kind, one in seen.items():
        lines = ", ".join(map(str, one.lines)) + (", ..." if one.rows > len(one.lines) else "")
        example = visible(one.example if show else hidden(one.example))
        found.add_row(kind, say(*NAMES[kind]), f"{one.found:,}", f"{one.rows:,}", lines, example)
    terminal.print_table(found)


def hidden(text: str) -> str:
    """The first and the last character of every part, so that a table can be shown to others."""
    parts = text.split("@")
    return "@".join(f"{part[0]}***{part[-1]}" if len(part) > 2 else "***" for part in parts)
