"""Long numbers as people write them: digits in groups, with a space or hyphen between."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_NUMBER = re.compile(r"(?<![0-9A-Za-z_])(?<!\d\.)\d+(?:[ -]\d+)*(?![0-9A-Za-z_])(?!\.\d)")
_GROUP = re.compile(r"\d+")

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Number:
    """`is_whole`: no further group stands beside these; `is_first`: none stands before them."""

    start: int
    end: int
    digits: str
    is_whole: bool
    is_first: bool


def numbers(text: str, shapes: Collection[Shape]) -> Iterator[Number]:
    """Every run of neighbouring groups whose lengths are one of `shapes`, the longer before the shorter."""
    longest = max(map(len, shapes))
    for match in _NUMBER.finditer(text):
        groups = [(group.start(), group.end()) for group in _GROUP.finditer(text, match.start(), match.end())]
        for first in range(len(groups)):
            for n in range(min(longest, len(groups) - first), 0, -1):
                part = groups[first : first + n]
                shape = tuple(end - start for start, end in part)
                separators = {text[end] for _, end in part[:-1]}
                if shape in shapes and len(separators) < 2:
                    start, end = part[0][0], part[-1][1]
                    yield Number(start, end, "".join(text[a:b] for a, b in part), n == len(groups), first == 0)
