"""Which answers a file has and how often, as numbers; and whether they look like labels of a classification."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np
import xxhash
from numpy.typing import NDArray

from tunesmith.data.lint.labels import are_labels
from tunesmith.data.lint.settings import LintSettings


@dataclass(slots=True)
class AnswerLabels:
    """One answer per row, in order: eight bytes each, and the words of the first MAX_WORDS different ones."""

    settings: LintSettings = field(default_factory=LintSettings)
    keys: array[int] = field(default_factory=lambda: array("Q"))
    words: dict[int, str] = field(default_factory=dict)
    longest: int = 0

    def add(self, answer: str) -> None:
        answer = answer.strip()
        key = xxhash.xxh3_64_intdigest(answer.encode(errors="surrogatepass"))
        self.keys.append(key)
        self.longest = max(self.longest, len(answer))
        if key not in self.words and len(self.words) < MAX_WORDS:
            self.words[key] = answer[:80]

    def counted(self) -> tuple[NDArray[np.int64], NDArray[np.int64], list[str]]:
        """(the label of every row, how often each label comes, its words); "" for words that were not kept."""
        keys = np.frombuffer(self.keys, np.uint64)
        different, of_row, counts = np.unique(keys, return_inverse=True, return_counts=True)
        words = [self.words.get(int(key), "") for key in different]
        return of_row.astype(np.int64), counts.astype(np.int64), words

    def are_labels(self) -> bool:
        """By the rule of the check on label imbalance, and more than one."""
        n_different = len(self.words)
        return n_different > 1 and are_labels(n_different, len(self.keys), self.longest, self.settings)


MAX_WORDS = 4096
