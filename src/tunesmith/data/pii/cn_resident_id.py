"""Chinese resident identity numbers (GB 11643-1999): region, date of birth, sequence, check character."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

from tunesmith.data.pii.context import Labels
from tunesmith.data.pii.match import PiiMatch

_EIGHTEEN = re.compile(r"(?<![0-9A-Za-z])(?<!\d\.)\d{4}(?:[ -]?\d{2}){6}[ -]?\d[0-9Xx](?![0-9A-Za-z])")
_FIFTEEN = re.compile(r"(?<![0-9A-Za-z])(?<!\d\.)\d{15}(?![0-9A-Za-z])")
_ID_WORDS = Labels(yes=r"身份证|证件|公民身份|居民身份|resident\s+id|identity\s+card|\bID\s+card", no=r"(?!)")

# GB/T 2260, first two digits: provinces, autonomous regions, municipalities, Taiwan, Hong Kong, Macao; 83 for
# residents of Taiwan and 91 was foreigners'.
_PROVINCES = frozenset(
    f"{area}{province}"
    for area, provinces in enumerate(("12345", "123", "1234567", "123456", "01234", "12345", "1", "123", "1"), start=1)
    for province in provinces
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_FIRST_YEAR = 1880


def find(text: str) -> Iterator[PiiMatch]:
    for match in _EIGHTEEN.finditer(text):
        if is_valid(re.sub("[ -]", "", match.group())):
            yield PiiMatch("cn_resident_id", match.start(), match.end(), match.group())
    for match in _FIFTEEN.finditer(text):
        number = match.group()
        if _is_region(number) and _is_date(f"19{number[6:12]}") and _ID_WORDS.verdict(text, match.start()):
            yield PiiMatch("cn_resident_id", match.start(), match.end(), number)


def is_valid(number: str) -> bool:
    """Whether 18 characters are a number that could have been issued."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return _CHECK[total % 11] == number[17].upper() and _is_region(number) and _is_date(number[6:14])


def _is_region(number: str) -> bool:
    return number[:2] in _PROVINCES


def _is_date(digits: str) -> bool:
    try:
        date = datetime.date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:  # month 13, 30 February
        return False
    return date.year >= _FIRST_YEAR and date <= datetime.date.today()
