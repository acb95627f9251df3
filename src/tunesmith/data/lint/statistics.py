"""Numbers about a file that are worth a look even where nothing is wrong."""

from __future__ import annotations

from array import array
from collections import Counter
from typing import Any

import numpy as np
import orjson

from tunesmith.data.lint.check import LintRow
from tunesmith.data.lint.rows import ROLE_LETTERS

# A system prompt of its own in every row would make a list as long as the file.
MAX_SYSTEM_PROMPTS = 1000
MAX_ROLE_ORDERS = 4096
SHOWN_SYSTEM_PROMPTS = 5
SHOWN_CHARS = 2000
N_BINS = 20

# The beginning of a row tells its script; looking at all of it costs more than it tells.
_SAMPLE_CHARS = 160
# The bytes that begin U+4000 to U+9FFF in UTF-8, which is nearly every Chinese character and nothing else.
_HAN = bytes(range(0xE4, 0xEA))
_LATIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ROLES = {letter: role for role, letter in ROLE_LETTERS.items()}


def script(text: str) -> str:
    """`zh`, `en` (Latin letters), `mixed` or `other`, by the letters at the beginning of `text`.

    A Chinese character says about as much as a word, so Latin letters count a fourth.
    """
    sample = text[:_SAMPLE_CHARS]
    data = sample.encode(errors="replace")
    latin = (len(data) - len(data.translate(None, _LATIN))) / 4
    han = len(data) - len(data.translate(None, _HAN)) if len(data) > len(sample) else 0
    if han + latin < 0.1 * len(sample) or not sample:
        return "other"
    share = han / (han + latin)
    return "zh" if share > 0.8 else "en" if share < 0.2 else "mixed"


class Statistics:
    """One part of a file; picklable. `merge` takes in the part that follows."""

    def __init__(self) -> None:
        self._lengths = array("I")
        self._positions = array("I")
        self._answer_lengths = array("I")
        self._languages: Counter[str] = Counter()
        self._systems: Counter[str] = Counter()
        self._n_unlisted_systems = 0
        self._role_orders: Counter[str] = Counter()
        self._n_messages: Counter[str] = Counter()
        self._turns: Counter[int] = Counter()
        self._first: dict[str, Any] | None = None
        self._longest: dict[str, Any] | None = None
        self._longest_length = -1

    def see(self, row: LintRow) -> None:
        length = len(row.text)
        self._lengths.append(length)
        self._positions.append(row.position)
        if row.answers:
            self._answer_lengths.append(len(row.answers[-1]))
        self._languages[script(row.prompt or row.text)] += 1
        self._role_orders[row.roles] += 1
        if len(self._role_orders) > MAX_ROLE_ORDERS:
            self._count_roles()
        if row.system in self._systems:
            self._systems[row.system] += 1
        else:
            self._count_system(row.system, 1)
        if self._first is None:
            self._first = _example(row, length)
        if length > self._longest_length:
            self._longest = _example(row, length)
            self._longest_length = length

    def _count_system(self, text: str, count: int) -> None:
        if text in self._systems or len(self._systems) < MAX_SYSTEM_PROMPTS:
            self._systems[text] += count
        else:
            self._n_unlisted_systems += count

    def _count_roles(self) -> None:
        for order, count in self._role_orders.items():
            self._turns[order.count("a")] += count
            for letter in order:
                self._n_messages[_ROLES[letter]] += count
        self._role_orders.clear()

    def merge(self, later: Statistics) -> None:
        self._lengths += later._lengths
        self._positions += later._positions
        self._answer_lengths += later._answer_lengths
        self._languages += later._languages
        self._n_messages += later._n_messages
        self._turns += later._turns
        self._n_unlisted_systems += later._n_unlisted_systems
        for order, count in later._role_orders.items():
            self._role_orders[order] += count
        if len(self._role_orders) > MAX_ROLE_ORDERS:
            self._count_roles()
        for text, count in later._systems.items():
            self._count_system(text, count)
        self._first = self._first or later._first
        if later._longest_length > self._longest_length:
            self._longest, self._longest_length = later._longest, later._longest_length

    def median_position(self) -> int | None:
        """Where the first row of median length is; None without rows."""
        if not self._lengths:
            return None
        lengths = np.frombuffer(self._lengths, np.uint32)
        middle = np.partition(lengths, len(lengths) // 2)[len(lengths) // 2]
        return self._positions[int(np.argmax(lengths == middle))]

    def to_json(self, median: LintRow | None = None) -> dict[str, Any]:
        """`median` is the row at `median_position`, read again.

        Lengths are in characters. A histogram has `counts` of N_BINS bins between N_BINS + 1 `edges`.
        """
        self._count_roles()
        self._count_system("", 0)
        examples = {
            "first": self._first,
            "median": median and _example(median, len(median.text)),
            "longest": self._longest,
        }
        n_without = self._systems.pop("", 0)
        return {
            "row_chars": _histogram(self._lengths),
            "answer_chars": _histogram(self._answer_lengths),
            "roles": dict(self._n_messages.most_common()),
            "turns": {str(turns): count for turns, count in sorted(self._turns.items())},
            "languages": dict(self._languages.most_common()),
            "system_prompts": {
                "without": n_without,
                "different": len(self._systems) + self._n_unlisted_systems,
                "top": [
                    {"text": text[:SHOWN_CHARS], "count": count}
                    for text, count in self._systems.most_common(SHOWN_SYSTEM_PROMPTS)
                ],
            },
            "examples": {name: example for name, example in examples.items() if example},
        }


def _example(row: LintRow, length: int) -> dict[str, Any]:
    text = orjson.dumps(row.value, default=str).decode()
    return {"line": row.line, "chars": length, "row": text[:SHOWN_CHARS], "is_cut": len(text) > SHOWN_CHARS}


def _histogram(values: array[int]) -> dict[str, Any] | None:
    if not values:
        return None
    numbers = np.frombuffer(values, np.uint32)
    # a few very long rows would leave everything else in one bin
    top = max(1.0, float(np.percentile(numbers, 99.5)) * 1.05)
    counts, edges = np.histogram(np.minimum(numbers, top), bins=N_BINS, range=(0, top))
    percentiles = np.percentile(numbers, (5, 50, 95))
    return {
        "min": int(numbers.min()),
        "p5": round(float(percentiles[0])),
        "median": round(float(percentiles[1])),
        "p95": round(float(percentiles[2])),
        "max": int(numbers.max()),
        "mean": round(float(numbers.mean()), 1),
        "counts": counts.tolist(),
        "edges": [round(float(edge), 1) for edge in edges],
    }
