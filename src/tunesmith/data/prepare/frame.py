"""The table a file becomes: columns of text, and a label per row as pandas would have given it."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Hashable, Iterable, Sequence

# A header cell of a workbook may be a number.
Name = Hashable
Labels = Sequence[Hashable]


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """Every cell is text; what was missing is "". All columns are as long as `labels`.

    The labels matter because the tool of 2023 removed long examples by label and not by position, and counted the
    labels' bytes into the time it estimated. As in pandas they are a `range` as long as they are evenly spaced.
    """

    columns: dict[Name, list[str]]
    labels: Labels

    @property
    def n_rows(self) -> int:
        return len(self.labels)

    @property
    def prompts(self) -> list[str]:
        return self.columns["prompt"]

    @property
    def completions(self) -> list[str]:
        return self.columns["completion"]

    def map(self, name: Name, change: Callable[[str], str]) -> Frame:
        return Frame({**self.columns, name: [change(text) for text in self.columns[name]]}, self.labels)

    def rename(self, old: Name, new: Name) -> Frame:
        return Frame({new if name == old else name: texts for name, texts in self.columns.items()}, self.labels)

    def select(self, names: Iterable[Name]) -> Frame:
        return Frame({name: self.columns[name] for name in names}, self.labels)

    def take(self, positions: Sequence[int]) -> Frame:
        columns = {name: [texts[position] for position in positions] for name, texts in self.columns.items()}
        return Frame(columns, _take_labels(self.labels, positions))

    def without(self, labels: Iterable[Hashable]) -> Frame:
        gone = set(labels)
        return self.take([position for position, label in enumerate(self.labels) if label not in gone])

    def size_bytes(self, *, hashed: Labels) -> int:
        """What pandas' `memory_usage(index=True).sum()` says: a pointer per cell, and the labels.

        pandas keeps a hash table beside labels of text once it has looked for duplicates; `hashed` are the labels of
        which it has one.
        """
        table = _hash_table_bytes(self.n_rows) if self.labels is hashed and _are_text(self.labels) else 0
        return 8 * self.n_rows * len(self.columns) + _labels_bytes(self.labels) + table


def _take_labels(labels: Labels, positions: Sequence[int]) -> Labels:
    taken = [labels[position] for position in positions]
    if not isinstance(labels, range):
        return taken
    if not positions:
        return range(0)
    first = labels[positions[0]]
    step = labels[positions[1]] - first if len(positions) > 1 else labels.step
    even = range(first, first + step * len(positions), step)
    return even if taken == list(even) else taken


def _labels_bytes(labels: Labels) -> int:
    if isinstance(labels, range):
        return sum(map(sys.getsizeof, (labels, labels.start, labels.stop, labels.step)))
    return 8 * len(labels)


def _are_text(labels: Labels) -> bool:
    return not isinstance(labels, range) and any(isinstance(label, str) for label in labels)


def _hash_table_bytes(n: int) -> int:
    """khash: buckets of 16 bytes, a power of two and at most 77 % full, one bit each, and the struct."""
    n_buckets = max(4, 1 << (n - 1).bit_length())
    if n_buckets * 0.77 < n:
        n_buckets *= 2
    return 16 * n_buckets + 4 * max(1, n_buckets // 32) + 40
