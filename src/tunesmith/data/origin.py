"""The mark of a row that a model made: what made it, from what. Such rows train, and never measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

ORIGIN_KEY = "metadata"
"""The key of a row that holds the mark; every format accepts it, none of them trains on it."""

AUGMENTED = "augmented"


@dataclass(frozen=True, slots=True)
class Origin:
    """`row_id` is the row's name in its journal; `seed_line` the line of the row or passage it was made from, if one.

    `source` is the file's name as the user knows it.
    """

    recipe: str
    model: str
    row_id: str
    source: str
    seed_line: int | None = None


def mark(row: dict[str, Any], origin: Origin) -> dict[str, Any]:
    """The row with its origin, as it is written into a file."""
    facts = {key: value for key, value in asdict(origin).items() if value is not None}
    return {**row, ORIGIN_KEY: {"origin": AUGMENTED, **facts}}


def is_augmented(row: Mapping[str, Any]) -> bool:
    """Whether a model made this row: it then stays on the training side of every split."""
    metadata = row.get(ORIGIN_KEY)
    return isinstance(metadata, dict) and metadata.get("origin") == AUGMENTED


def with_origin_of(before: Mapping[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """The row, which says in another format what `before` said, with its mark if it has one."""
    return {**row, ORIGIN_KEY: before[ORIGIN_KEY]} if is_augmented(before) else row
