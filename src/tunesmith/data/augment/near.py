"""Texts that say nearly the same as one seen before, looked up one at a time."""

from __future__ import annotations

import re

from tunesmith.data.minhash import jaccard, signatures

NEAR = 0.8
_NUMBER = re.compile(r"\d+")
_MAX_CHARS = 4000  # a text that begins the same for so long is the same


class NearTexts:
    """Texts in the order in which they came. Two that differ in a number are never near: 3 + 4 is not 3 + 5."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._bands: dict[tuple[str, int, int], list[int]] = {}

    def is_near(self, text: str, *, group: str = "") -> bool:
        """Whether a text of the group has a Jaccard of NEAR or more with this one."""
        text = _normal(text)
        numbers = _NUMBER.findall(text)
        candidates = {place for key in self._keys(text, group) for place in self._bands.get(key, ())}
        return any(
            _NUMBER.findall(self._texts[place]) == numbers and jaccard(self._texts[place], text) >= NEAR
            for place in sorted(candidates)
        )

    def add(self, text: str, *, group: str = "") -> None:
        text = _normal(text)
        self._texts.append(text)
        for key in self._keys(text, group):
            self._bands.setdefault(key, []).append(len(self._texts) - 1)

    def _keys(self, text: str, group: str) -> list[tuple[str, int, int]]:
        bands, _ = signatures([text])
        return [(group, band, int(key)) for band, key in enumerate(bands[0])]


def _normal(text: str) -> str:
    return " ".join(text[:_MAX_CHARS].lower().split())
