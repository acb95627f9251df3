"""Long numbers as people write them: digits in groups, with a space or hyphen between."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_NUMBER = re.compile(r"(?<![0-9A-Za-z_])(?<!\d[.,])\d+(?:[ -]\d+)*(?![0-9A-Za-z_])(?!\.\d)")
_GROUP = re.compile(r"\d+")

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Number:
    start: int
    end: int
    digits: str
    shape: Shape


def numbers(text: str, shapes: Collection[Shape]) -> Iterator[Number]:
    """Every run of neighbouring groups whose lengths are one of `shapes`; one separator within a number."""
    longest = max(map(len, shapes))
    for match in _NUMBER.finditer(text):
        groups = [(group.start(), group.end()) for group in _GROUP.finditer(text, match.start(), match.end())]
        first = 0
        while first < len(groups):
            found = _at(text, groups, first, longest, shapes)
            if found is None:
                first += 1
                continue
            yield found
            first += len(found.shape)


def _at(text: str, groups: list[tuple[int, int]], first: int, longest: int, shapes: Collection[Shape]) -> Number | None:
    for n in range(min(longest, len(groups) - first), 0, -1):
        part = groups[first : first + n]
        shape = tuple(end - start for start, end in part)
        if shape not in shapes or len({text[end] for _, end in part[:-1]}) > 1:
            continue
        start, end = part[0][0], part[-1][1]
        return Number(start, end, "".join(text[a:b] for a, b in part), shape)
    return None
