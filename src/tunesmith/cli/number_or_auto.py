"""Options that take a number or the word auto."""

from __future__ import annotations

from typing import Any, Literal

import typer


def whole_or_auto(text: str) -> int | Literal["auto"]:
    """The range is checked by whoever uses the number."""
    if text == "auto":
        return "auto"
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is neither a whole number nor "auto".') from None


def decimal_or_auto(text: str) -> float | Literal["auto"]:
    if text == "auto":
        return "auto"
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f'"{text}" is neither a number nor "auto".') from None


def whole_option(help: str) -> Any:
    return typer.Option(parser=whole_or_auto, metavar="N|auto", help=help)


def decimal_option(help: str) -> Any:
    return typer.Option(parser=decimal_or_auto, metavar="X|auto", help=help)
