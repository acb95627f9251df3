"""Rows that ask different things about one passage: a random split would put the passage on both sides."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np

from tunesmith.data.dedupe import text_key
from tunesmith.data.lint.answers import last_question
from tunesmith.data.lint.check import Check, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.rows_with import percent
from tunesmith.data.lint.settings import LintSettings
from tunesmith.findings import MAX_ROWS, Finding

CODES = ("shared_passages",)

_TEXTS = Texts(
    "{count} row(s), {share} %, ask about a passage that other rows ask about too ({n_passages} passages, {where}): "
    "when you split the file, keep the rows of a passage on one side",
    "{count} 行（{share}%）与其他行共用同一段材料（共 {n_passages} 段，{where}）："
    "划分训练集和验证集时，同一段材料的行要放在同一边",
)


@dataclass(slots=True)
class SharedPassages(Check):
    settings: LintSettings
    n_rows: int = 0
    keys: array[int] = field(default_factory=lambda: array("Q"))
    lines: array[int] = field(default_factory=lambda: array("I"))

    def see(self, row: LintRow) -> None:
        self.n_rows += 1
        length = self.settings.passage_length
        if len(row.prompt) <= length:
            return
        question = last_question(row)
        if len(question) > length:
            self.keys.append(text_key(question[:length]))
            self.lines.append(row.line)

    def merge(self, later: SharedPassages) -> None:
        self.n_rows += later.n_rows
        self.keys += later.keys
        self.lines += later.lines

    def findings(self) -> list[Finding]:
        keys = np.frombuffer(self.keys, np.uint64)
        _, group, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        # What most rows begin with is an instruction and no passage.
        is_passage = (sizes > 1) & (sizes <= max(10, self.settings.max_passage_share * self.n_rows))
        sharing = np.flatnonzero(is_passage[group]) if len(keys) else np.empty(0, np.int64)
        if len(sharing) < self.settings.min_shared_share * self.n_rows or not len(sharing):
            return []
        lines = Lines(len(sharing), [self.lines[at] for at in sharing[:MAX_ROWS].tolist()])
        share = percent(len(sharing), self.n_rows)
        n_passages = int(is_passage.sum())
        return [finding("shared_passages", "info", _TEXTS, lines=lines, share=share, n_passages=n_passages)]


def make(context: LintContext) -> SharedPassages:
    return SharedPassages(context.settings)
