"""`--set name=value` and `--only CODE`: the checks' own names, and the nearest one when a name is wrong."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunesmith.cli.data.input_file import as_share
from tunesmith.cli.data.language import say

if TYPE_CHECKING:
    from tunesmith.data.lint.settings import LintSettings

MOST_LISTED = 12
LIST = "tunesmith data lint --list-checks"

Only = Annotated[list[str] | None, typer.Option("--only", metavar="CODE", help="Only these checks; may be repeated.")]
Skip = Annotated[list[str] | None, typer.Option("--skip", metavar="CODE", help="Not these checks; may be repeated.")]
Set = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A threshold (see --list-checks); may be repeated."),
]


def settings_of(pairs: Iterable[str] | None) -> LintSettings:
    """The defaults with what `--set` says. Raises BadParameter with the nearest name or the expected type."""
    from tunesmith.data.lint.settings import THRESHOLDS, LintSettings

    changes: dict[str, Any] = {}
    for pair in pairs or ():
        name, mark, text = (part.strip() for part in pair.partition("="))
        if not mark:
            raise typer.BadParameter(
                say(
                    f'"{pair}" is not NAME=VALUE, for example min_examples=20.',
                    f"“{pair}”不是“名称=值”的写法，例如 min_examples=20。",
                ),
                param_hint="--set",
            )
        check_name(name, THRESHOLDS, what="threshold", option="--set")
        changes[name] = _value(name, text, THRESHOLDS[name].default)
    return LintSettings(**changes)


def check_names(names: Iterable[str] | None, known: Collection[str], *, what: str, option: str) -> tuple[str, ...]:
    """`--only a,b --only c` as (a, b, c), every one of them known. Raises BadParameter with the nearest name."""
    asked = tuple(part.strip() for name in names or () for part in name.split(",") if part.strip())
    for name in asked:
        check_name(name, known, what=what, option=option)
    return asked


def check_name(name: str, known: Collection[str], *, what: str, option: str) -> None:
    if name in known:
        return
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    meant = say(f' Did you mean "{close[0]}"?', f"是不是“{close[0]}”？") if close else ""
    listed = ", ".join(known) if len(known) <= MOST_LISTED else say("all are in: ", "完整列表：") + LIST
    raise typer.BadParameter(
        say(f'There is no {what} "{name}".', f"没有“{name}”这个名字。") + meant + (f" {listed}" if listed else ""),
        param_hint=option,
    )


def _value(name: str, text: str, default: Any) -> Any:
    """The text as the type the default has; a list is written a|b|c."""
    try:
        if isinstance(default, bool):
            return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]
        if isinstance(default, int):
            return int(text)
        if isinstance(default, float):
            return as_share(text)
    except (ValueError, KeyError):
        en, zh = {
            bool: ("true or false", "true 或 false"),
            int: ("a whole number", "整数"),
            float: ("a number", "数字"),
        }[type(default)]
        raise typer.BadParameter(
            say(f'{name}="{text}", expected {en}.', f"{name}=“{text}”，应该是{zh}。"), param_hint="--set"
        ) from None
    return tuple(text.split("|")) if isinstance(default, tuple) else text
