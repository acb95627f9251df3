"""Which language the data desk answers in: the one asked for, or the terminal's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated

import typer
from typer._click import Context
from typer._click.globals import get_current_context

from tunesmith.findings import Language

Say = Callable[[str, str], str]

_KEY = "tunesmith.language"

Lang = Annotated[
    Language | None, typer.Option("--lang", help="Language of what is printed. Default: the terminal's (LANG).")
]


def speaker(asked: Language | None) -> tuple[Language, Say]:
    """The language of this command from now on, and a function that picks from (English, Chinese)."""
    language = asked or terminal_language()
    if context := get_current_context(silent=True):
        context.meta[_KEY] = language
    return language, lambda en, zh: zh if language == "zh" else en


def terminal_language() -> Language:
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((name for name in names if name), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def spoken_language() -> Language:
    """What the running command speaks; English in those that speak nothing else."""
    context = get_current_context(silent=True)
    return spoken_in(context) if context else "en"


def spoken_in(context: Context) -> Language:
    language: Language = context.meta.get(_KEY, "en")
    return language


def say(en: str, zh: str) -> str:
    """One of the two, in the language of the running command."""
    return zh if spoken_language() == "zh" else en
