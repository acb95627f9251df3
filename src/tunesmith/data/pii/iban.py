"""International bank account numbers: the length of the country and the remainder of 97 (ISO 13616)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tunesmith.data.pii.match import PiiMatch

# Source: SWIFT IBAN registry.
LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip

# Letters are everywhere, digits are not: looking for the two digits first is many times faster.
_START = re.compile(r"\d\d(?<=[A-Za-z]{2}\d\d)(?<![0-9A-Za-z][A-Za-z]{2}\d\d)(?=[ -]?[0-9A-Za-z])")
_REST = re.compile(r"(?:[ -]?[0-9A-Za-z])+")
_SEPARATORS = re.compile(r"[ -]")


def find(text: str) -> Iterator[PiiMatch]:
    for match in _START.finditer(text):
        start = match.start() - 2
        length = LENGTHS.get(text[start : start + 2].upper())
        rest = _REST.match(text, match.end()) if length else None
        if length is None or rest is None:
            continue
        end = _end_of(text, start, rest.end(), length)
        if end is not None and is_valid(text[start:end]):
            yield PiiMatch("iban", start, end, text[start:end])


def _end_of(text: str, start: int, limit: int, length: int) -> int | None:
    """Where `length` letters and digits end, if the number ends there too."""
    at, n = start, 0
    while at < limit and n < length:
        n += text[at] not in " -"
        at += 1
    after = text[at : at + 1]
    is_whole = not (after.isascii() and after.isalnum())
    return at if n == length and is_whole else None


def is_valid(iban: str) -> bool:
    """Whether the letters and digits, moved as ISO 7064 says, leave 1 when divided by 97."""
    compact = _SEPARATORS.sub("", iban).upper()
    return int("".join(str(int(letter, 36)) for letter in compact[4:] + compact[:4])) % 97 == 1
