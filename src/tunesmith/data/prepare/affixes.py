"""What all texts of a column begin or end with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def common_prefix(texts: Sequence[str]) -> str:
    """The longest text with which all begin; "" of no texts."""
    if not texts:
        return ""
    first, last = min(texts), max(texts)
    differs_at = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), None)
    return first[:differs_at]


def common_suffix(texts: Sequence[str]) -> str:
    """The longest text with which all end; "" of no texts."""
    return common_prefix([text[::-1] for text in texts])[::-1]


def first_unused(candidates: Iterable[str], texts: Sequence[str], *, otherwise: str) -> str:
    """The first candidate that no text contains."""
    for candidate in candidates:
        if not any(candidate in text for text in texts):
            return candidate
    return otherwise
