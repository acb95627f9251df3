"""Text of strangers on a terminal: what would move the cursor, hide or turn other text is spelt out."""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len, set_cell_size


def visible(text: str) -> str:
    r"""The text with control, format and unassigned characters as \x1b or \u200b; line breaks become spaces."""
    if text.isprintable():
        return text
    return "".join(_shown(one) for one in text)


def _shown(one: str) -> str:
    if one in "\r\n\t\u2028\u2029":
        return " "
    return one.encode("unicode_escape").decode("ascii") if unicodedata.category(one).startswith("C") else one


def cut_to(text: str, cells: int) -> str:
    """The text on a line of so many cells, of which a Chinese character takes two."""
    return text if cell_len(text) <= cells else set_cell_size(text, cells - 1).rstrip() + "…"
