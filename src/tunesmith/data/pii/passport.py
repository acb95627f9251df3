"""Passport numbers: the Chinese shapes anywhere, other countries' only beside the word passport."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tunesmith.data.pii.context import OTHER_NUMBERS, Labels, words_before
from tunesmith.data.pii.match import PiiMatch

# E and G ordinary, D diplomatic, S and P official; since 2017 a second letter other than I and O may follow E.
_CHINESE = re.compile(
    r"[EGDPS](?<![0-9A-Za-z#/_.\-].)(?:\d{8}|(?<=E)[A-HJ-NP-Z]\d{7}|(?<=[DPS])E\d{7})(?![0-9A-Za-z_]|[-/.]\d)"
)
_ANY = re.compile(
    r"(?<![0-9A-Za-z#/_.\-])(?=(?:[A-Z]*\d){3})(?:[A-Z]{1,2}[0-9A-Z]{6,8}|\d{8,9})(?![0-9A-Za-z_]|[-/.]\d)"
)
_BESIDE = re.compile(r"护照|passports?", re.IGNORECASE)
# "Passport ID" and "document number" speak for a passport.
_NO = OTHER_NUMBERS.replace("|document|version|id)", "|version)").replace("|(?<![A-Za-z])id(?![A-Za-z])", "")
# No other number between the word and its own.
_NEXT = re.compile(r"(?:护照|passports?)[^0-9]*$", re.IGNORECASE)
_WORDS = Labels(yes=r"护照|\bpassports?\b|出入境|签证", no=_NO)


def find(text: str) -> Iterator[PiiMatch]:
    has_word = _BESIDE.search(text) is not None
    for match in (_ANY if has_word else _CHINESE).finditer(text):
        said = _WORDS.verdict(text, match.start(), match.end(), window=40)
        if said is False:
            continue
        if _CHINESE.fullmatch(match.group()) or (said and _NEXT.search(words_before(text, match.start(), window=40))):
            yield PiiMatch("passport", match.start(), match.end(), match.group())
