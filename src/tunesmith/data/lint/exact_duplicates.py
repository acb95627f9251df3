"""Rows that are in the file more than once, word for word: they count double, and tell less than they seem to."""

from __future__ import annotations

import dataclasses
from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from tunesmith.data.dedupe import first_with_same, text_key
from tunesmith.data.examples import ChatExample, ReinforcementExample
from tunesmith.data.lint.check import Check, Fix, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.rows_with import percent
from tunesmith.findings import MAX_ROWS, Finding

CODES = ("exact_duplicates",)

_TEXTS = Texts(
    "{count} row(s) repeat an earlier row word for word ({where}), {share} % of the file",
    "{count} 行与前面的行完全重复（{where}），占全部样本的 {share}%",
)
FIX = Fix(
    "remove_exact_duplicates", Texts("remove repeated rows, keep the first of each", "删除重复的行，每种只保留第一行")
)


@dataclass(slots=True)
class ExactDuplicates(Check):
    keys: array[int] = field(default_factory=lambda: array("Q"))
    positions: array[int] = field(default_factory=lambda: array("I"))
    lines: array[int] = field(default_factory=lambda: array("I"))
    drops: array[int] = field(default_factory=lambda: array("I"))

    def see(self, row: LintRow) -> None:
        if row.example is not None:
            self.keys.append(row_key(row))
            self.positions.append(row.position)
            self.lines.append(row.line)

    def merge(self, later: ExactDuplicates) -> None:
        self.keys += later.keys
        self.positions += later.positions
        self.lines += later.lines

    def findings(self) -> list[Finding]:
        keys = np.frombuffer(self.keys, np.uint64)
        first = first_with_same(keys)
        copies = np.flatnonzero(first != np.arange(len(keys)))
        if not len(copies):
            return []
        self.drops = array("I", np.frombuffer(self.positions, np.uint32)[copies].tobytes())
        lines = Lines(len(copies), [self.lines[at] for at in copies[:MAX_ROWS].tolist()])
        facts: dict[str, Any] = {
            "share": percent(len(copies), len(keys)),
            "n_originals": len(np.unique(first[copies])),
            "first_of": [self.lines[at] for at in first[copies[:20]].tolist()],
        }
        return [finding("exact_duplicates", "warning", _TEXTS, lines=lines, fix=FIX.code, **facts)]

    def fixes(self) -> list[Fix]:
        return [dataclasses.replace(FIX, drops=self.drops)] if self.drops else []


def row_key(row: LintRow) -> int:
    """64 bits that are equal for rows that train the same."""
    more = ""
    if isinstance(row.example, ReinforcementExample):
        more = orjson.dumps(row.example.item, default=str, option=orjson.OPT_SORT_KEYS).decode()
    elif isinstance(row.example, ChatExample) and row.example.label is not None:  # wanted is not unwanted
        more = str(row.example.label)
    return text_key(f"{row.roles} {row.prompt_key} {row.rest_key} {more}")


def make(context: LintContext) -> ExactDuplicates:
    return ExactDuplicates()
