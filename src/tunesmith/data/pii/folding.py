"""Full-width and typographic characters become the ASCII ones that recognisers look for, one for one."""

from __future__ import annotations

_DIGITS_AND_LETTERS = [*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B)]
_TABLE = {code: code - 0xFEE0 for code in [*_DIGITS_AND_LETTERS, *map(ord, "＠．－＋（）＿＃＝")]}
_TABLE |= dict.fromkeys(map(ord, "\u00a0\u2007\u2009\u202f\u3000"), ord(" "))
_TABLE |= dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63"), ord("-"))


def fold(text: str) -> str:
    """The text in which `text[i]` is still about the i-th character; punctuation between clauses stays as it is."""
    return text if text.isascii() else text.translate(_TABLE)
