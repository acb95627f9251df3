"""Rows that belong together: the same prompt, the same passage, nearly the same words.

A question about a passage that was seen in training is no test of anything, so validation takes whole groups.
What is common to very many rows (a system prompt, an instruction) is a template and binds nobody.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import xxhash
from numpy.typing import NDArray

from tunesmith.data.dedupe import SimilarTexts, first_with_same
from tunesmith.data.lint.answers import after_system
from tunesmith.data.lint.blocks import rows_at
from tunesmith.data.lint.check import LintRow
from tunesmith.data.lint.near_duplicates import similar_text
from tunesmith.data.lint.settings import LintSettings
from tunesmith.data.sources import Source

# UTF-8 bytes: a paragraph of 45 English or 85 Chinese words is no longer a turn of phrase.
_MIN_PASSAGE_BYTES = 256
_PREFIX_BYTES = (256, 512, 1024, 2048)
_N_PARAGRAPHS = 2
_NO_KEY = 0
# Fewer rows with one beginning are no template, however small the file.
_MIN_TEMPLATE_ROWS = 10


@dataclass(slots=True)
class RowGroups:
    """About 70 bytes a row, and the index of near-duplicates when asked for."""

    source: Source
    settings: LintSettings
    with_near_duplicates: bool = True
    positions: array[int] = field(default_factory=lambda: array("I"))
    prompts: array[int] = field(default_factory=lambda: array("Q"))
    beginnings: list[array[int]] = field(default_factory=lambda: [array("Q") for _ in _PREFIX_BYTES])
    paragraphs: array[int] = field(default_factory=lambda: array("Q"))
    systems: array[int] = field(default_factory=lambda: array("Q"))
    similar: SimilarTexts = field(default_factory=SimilarTexts)

    def add(self, row: LintRow) -> None:
        self.positions.append(row.position)
        prompt = after_system(row, row.prompt)
        self.prompts.append(_key(" ".join(prompt.split()).casefold().encode(errors="surrogatepass")))
        data = prompt.strip().encode(errors="surrogatepass")
        for column, length in zip(self.beginnings, _PREFIX_BYTES, strict=True):
            column.append(_key(data[:length]) if len(data) >= length else _NO_KEY)
        self.paragraphs.extend(_paragraph_keys(data))
        system = row.system.strip().encode(errors="surrogatepass")
        self.systems.append(_key(system) if len(system) >= _MIN_PASSAGE_BYTES else _NO_KEY)
        if self.with_near_duplicates:
            self.similar.add(row.position, similar_text(row))

    def of_rows(self) -> tuple[NDArray[np.int64], dict[str, int]]:
        """(the group of every row, numbered by its first row; how many rows each reason tied to another one)."""
        n_rows = len(self.positions)
        groups = _Union(n_rows)
        tied = {"same_prompt": self._tie(groups, self.prompts), "same_passage": 0, "near_duplicates": 0}
        for column in self.beginnings:
            tied["same_passage"] += self._tie(groups, column)
        tied["same_passage"] += self._tie(groups, self.paragraphs, keys_per_row=_N_PARAGRAPHS)
        tied["same_passage"] += self._tie(groups, self.systems)  # a document may be given as the system prompt
        if self.with_near_duplicates:
            positions = np.frombuffer(self.positions, np.uint32)
            threshold = self.settings.near_duplicate_similarity
            for alike in self.similar.groups(self._reread, threshold=threshold, with_copies=True):
                first, *others = np.searchsorted(positions, np.array(alike, np.uint32)).tolist()
                tied["near_duplicates"] += sum(groups.tie(first, other) for other in others)
        return groups.roots(), tied

    def _tie(self, groups: _Union, column: array[int], *, keys_per_row: int = 1) -> int:
        """Join rows with one key, unless so many have it that it is a template."""
        keys = np.frombuffer(column, np.uint64)
        if not len(keys):
            return 0
        first = first_with_same(keys)
        sizes = np.bincount(first, minlength=len(keys))[first]
        most = max(_MIN_TEMPLATE_ROWS, int(self.settings.max_passage_share * len(self.positions)))
        joined = np.flatnonzero((first != np.arange(len(keys))) & (keys != _NO_KEY) & (sizes <= most))
        return sum(groups.tie(int(first[at]) // keys_per_row, int(at) // keys_per_row) for at in joined)

    def _reread(self, positions: Sequence[int]) -> Iterator[tuple[int, str]]:
        return ((row.position, similar_text(row)) for row in rows_at(self.source, positions))


def _paragraph_keys(data: bytes) -> list[int]:
    """Of the longest paragraphs, wherever they stand."""
    paragraphs = [part.strip() for part in data.splitlines() if len(part) >= _MIN_PASSAGE_BYTES]
    longest = sorted(paragraphs, key=len, reverse=True)[:_N_PARAGRAPHS]
    return [_key(part) for part in longest] + [_NO_KEY] * (_N_PARAGRAPHS - len(longest))


def _key(data: bytes) -> int:
    return xxhash.xxh3_64_intdigest(data) if data else _NO_KEY


class _Union:
    """Disjoint sets of row numbers; the smallest member stands for its set."""

    def __init__(self, n_rows: int) -> None:
        self._parent: NDArray[np.int64] = np.arange(n_rows)

    def tie(self, one: int, other: int) -> bool:
        """Whether they were apart before."""
        low, high = sorted((self._root(one), self._root(other)))
        self._parent[high] = low
        return low != high

    def _root(self, row: int) -> int:
        parent = self._parent
        while (above := int(parent[row])) != row:
            parent[row] = parent[above]
            row = above
        return row

    def roots(self) -> NDArray[np.int64]:
        roots = self._parent
        while not np.array_equal(roots, roots[roots]):
            roots = roots[roots]
        return roots
