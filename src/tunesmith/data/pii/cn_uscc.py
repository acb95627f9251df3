"""Unified social credit codes of Chinese organisations (GB 32100-2015), which name sole traders too."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tunesmith.data.pii.context import Labels
from tunesmith.data.pii.match import PiiMatch

_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_LETTER = "[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]"
_CODE = re.compile(
    rf"[1-9ANYany](?<![0-9A-Za-z].)(?:{_LETTER}[ -]?[1-9]\d{{5}}[ -]?{_LETTER}{{4}}[ -]?{_LETTER}{{5}}[ -]?{_LETTER}"
    rf"|{_LETTER}[1-9]\d(?P<gap>[ -])\d{{4}}(?P=gap){_LETTER}{{4}}(?P=gap){_LETTER}{{4}}(?P=gap){_LETTER}{{2}})"
    r"(?![0-9A-Za-z])"
)
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORDS = Labels(
    yes=r"信用代码|社会信用|税号|纳税人|营业执照|\bUSCC\b|credit\s+code|tax\s*(?:payer)?\s*(?:id|no|number)", no=r"(?!)"
)


def find(text: str) -> Iterator[PiiMatch]:
    for match in _CODE.finditer(text):
        code = re.sub("[ -]", "", match.group()).upper()
        if not is_valid(code):
            continue
        # Eighteen digits alone may be an order number: ask for the check character inside, or a word.
        if code.isdecimal() and not _organisation_is_valid(code) and not _WORDS.verdict(text, match.start()):
            continue
        yield PiiMatch("cn_uscc", match.start(), match.end(), match.group())


def is_valid(code: str) -> bool:
    """The check character over 18 characters, mod 31."""
    total = sum(weight * _LETTERS.index(letter) for weight, letter in zip(_WEIGHTS, code[:17], strict=True))
    return _LETTERS[-total % 31] == code[17]


def _organisation_is_valid(code: str) -> bool:
    """The check character of the organisation code within (GB 11714), mod 11."""
    letters = zip(_ORGANISATION_WEIGHTS, code[8:16], strict=True)
    total = sum(weight * _ORGANISATION_LETTERS.index(letter) for weight, letter in letters)
    return "0123456789X0"[(11 - total % 11) % 11 if total % 11 != 0 else 0] == code[16]
