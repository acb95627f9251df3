"""Which language the data desk answers in: the one asked for, or the terminal's own."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Annotated, Literal

import typer

Language = Literal["en", "zh"]
Say = Callable[[str, str], str]

Lang = Annotated[
    Language | None, typer.Option("--lang", help="Language of what is printed. Default: the terminal's (LANG).")
]


def language_of(asked: Language | None) -> Language:
    """`asked`, or Chinese where the locale is Chinese, or English."""
    if asked:
        return asked
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((name for name in names if name), "")
    return "zh" if locale.lower().startswith("zh") else "en"


def speaker(asked: Language | None) -> tuple[Language, Say]:
    """The language, and a function that picks from (English, Chinese)."""
    language = language_of(asked)
    return language, lambda en, zh: zh if language == "zh" else en
