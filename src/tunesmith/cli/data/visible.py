"""Text of strangers on a terminal: what would move the cursor, hide or turn other text is spelt out."""

from __future__ import annotations

import unicodedata


def visible(text: str) -> str:
    r"""The text with control, format and unassigned characters as \x1b or \u200b; line breaks become spaces."""
    if text.isprintable():
        return text
    return "".join(_shown(one) for one in text)


def _shown(one: str) -> str:
    if one in "\r\n\t\u2028\u2029":
        return " "
    return one.encode("unicode_escape").decode("ascii") if unicodedata.category(one).startswith("C") else one
