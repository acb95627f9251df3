"""A glance at a text, so that recognisers run only where they can find something.

Nearly every row holds nothing personal; a regular expression over 1 KB costs as much as parsing it. Here bytes are
mapped to classes in C and short patterns looked for, which costs about a microsecond.
"""

from __future__ import annotations

from dataclasses import dataclass

from tunesmith.data.pii.folding import fold

_RUNS = bytes(
    ord("0") if chr(code).isdecimal() and code < 128 else ord(".") if code == ord(".") else ord("x")
    for code in range(256)
)
# Space, hyphen and brackets, ASCII and full-width (and U+2010-2014), stand inside phone, card and account numbers.
# In other characters these bytes follow one that is kept, so that letters still end a number.
_INSIDE_NUMBERS = b" -()\xef\xbc\x88\x89\x8d\xe2\x80\x90\x91\x92\x93\x94\xa0\xc2"
_CLASSES = bytes(ord("0") if chr(code).isdecimal() else ord("a") if chr(code).isalpha() else 32 for code in range(128))
_CLASSES += b" " * 128


@dataclass(frozen=True, slots=True)
class Clues:
    """Which recognisers have a chance; all False for a clean text."""

    long_number: bool = False
    longer_number: bool = False
    at_sign: bool = False
    dotted: bool = False
    colons: bool = False
    token: bool = False
    passport: bool = False

    def __bool__(self) -> bool:
        return self.long_number or self.at_sign or self.token or self.dotted or self.colons or self.passport


NOTHING = Clues()


def glance(text: str) -> Clues:
    """7 digits in a row make a long number, 12 a longer one; separators do not count."""
    at_sign = "@" in text or "＠" in text
    has_key = (
        "_" in text
        or ("-" in text and ("-----BEGIN" in text or "glpat-" in text or "xox" in text))
        or ("K" in text and "AKIA" in text)
    )
    if not text.isascii() and _has_full_width(text):
        text = fold(text)
    data = text.encode(errors="replace")
    classes = data.translate(_CLASSES)
    n_digits = classes.count(b"0")
    if not n_digits:
        return Clues(at_sign=at_sign, token=has_key) if at_sign or has_key else NOTHING
    # an address needs four digits, a number seven; most rows have fewer
    is_bare = n_digits < 7 and not (n_digits > 3 and "." in text)
    runs = b"" if is_bare else data.translate(_RUNS, _INSIDE_NUMBERS)
    has_dots = b"0.0" in runs
    long_number = b"0000000" in runs or (has_dots and b"0000000" in runs.translate(None, b"."))
    dotted = has_dots and (b".0." in runs or b".00." in runs or b".000." in runs)
    token = has_key or "=" in text or "密码" in text or "assword" in text or _mixes_letters_and_digits(classes)
    passport = "护照" in text or "assport" in text or "ASSPORT" in text
    colons = ":" in text and ("::" in text or text.count(":") >= 7)
    if not (long_number or at_sign or dotted or colons or token or passport):
        return NOTHING
    longer_number = long_number and b"000000000000" in runs.translate(None, b".")
    return Clues(long_number, longer_number, at_sign, dotted, colons, token, passport)


def _has_full_width(text: str) -> bool:
    for digit in "０１２３４５６７８９":  # noqa: SIM110 - a generator would cost more than the looking
        if digit in text:
            return True
    return False


def _mixes_letters_and_digits(classes: bytes) -> bool:
    """Whether digits stand between letters or after many, or a letter between digits: in tokens, but not in 2nd."""
    *pieces, last = classes.split(b"0")
    before = b" "
    for piece in pieces:
        if piece:
            if piece == b"a" or piece.endswith(b"aaaaaa") or (before[-1:] == b"a" and piece[:1] == b"a"):
                return True
            before = piece
    return before[-1:] == b"a" and last[:1] == b"a"
