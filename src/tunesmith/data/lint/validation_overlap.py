"""Rows of the training file that are in the validation file too: the score then measures memory."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tunesmith.data.lint.blocks import lint_rows
from tunesmith.data.lint.check import Check, Fix, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.different_answers import is_question, prompt_key
from tunesmith.data.lint.exact_duplicates import row_key
from tunesmith.data.sources import open_source
from tunesmith.findings import MAX_ROWS, Finding

CODES = ("validation_overlap", "validation_prompt_overlap")

_ROWS = Texts(
    "{count} row(s) are in the validation file too ({where}): the validation score will be too good",
    "{count} 行也出现在验证文件里（{where}）：验证得分会虚高",
)
_PROMPTS = Texts(
    "{count} row(s) have a prompt of the validation file, with another answer ({where}): validation is not unseen",
    "{count} 行的提示词也出现在验证文件里，只是回答不同（{where}）：验证数据并不是模型没见过的",
)
_REMOVE_ROWS = "remove_validation_rows"
_REMOVE_PROMPTS = "remove_validation_prompts"
_REMOVE_ROWS_TEXTS = Texts(
    "remove from the training file the rows that are in the validation file", "从训练文件中删除验证文件里也有的行"
)
_REMOVE_PROMPTS_TEXTS = Texts(
    "remove from the training file the rows whose prompt is in the validation file",
    "从训练文件中删除提示词在验证文件里也有的行",
)
_NO_PROMPT = 0


@dataclass(slots=True)
class ValidationOverlap(Check):
    validation_path: Path | None
    rows: array[int] = field(default_factory=lambda: array("Q"))
    prompts: array[int] = field(default_factory=lambda: array("Q"))
    positions: array[int] = field(default_factory=lambda: array("I"))
    lines: array[int] = field(default_factory=lambda: array("I"))
    found: dict[str, Sequence[int]] = field(default_factory=dict)

    def see(self, row: LintRow) -> None:
        if self.validation_path is not None and row.example is not None:
            self.rows.append(row_key(row))
            self.prompts.append(prompt_key(row) if is_question(row) else _NO_PROMPT)
            self.positions.append(row.position)
            self.lines.append(row.line)

    def merge(self, later: ValidationOverlap) -> None:
        self.rows += later.rows
        self.prompts += later.prompts
        self.positions += later.positions
        self.lines += later.lines

    def findings(self) -> list[Finding]:
        if self.validation_path is None or not self.rows:
            return []
        other = ValidationOverlap(self.validation_path)
        for row in lint_rows(open_source(self.validation_path)):
            if isinstance(row, LintRow):
                other.see(row)
        same_row = np.isin(np.frombuffer(self.rows, np.uint64), np.frombuffer(other.rows, np.uint64))
        prompts = np.frombuffer(self.prompts, np.uint64)
        same_prompt = np.isin(prompts, np.frombuffer(other.prompts, np.uint64)) & (prompts != _NO_PROMPT) & ~same_row
        found = [
            self._told("validation_overlap", _ROWS, np.flatnonzero(same_row).tolist(), _REMOVE_ROWS),
            self._told("validation_prompt_overlap", _PROMPTS, np.flatnonzero(same_prompt).tolist(), _REMOVE_PROMPTS),
        ]
        return [one for one in found if one.count]

    def _told(self, code: str, texts: Texts, rows: Sequence[int], fix: str) -> Finding:
        if rows:
            self.found[fix] = array("I", [self.positions[row] for row in rows])
        lines = Lines(len(rows), [self.lines[row] for row in rows[:MAX_ROWS]])
        return finding(code, "warning", texts, lines=lines, fix=fix)

    def fixes(self) -> list[Fix]:
        texts = {_REMOVE_ROWS: _REMOVE_ROWS_TEXTS, _REMOVE_PROMPTS: _REMOVE_PROMPTS_TEXTS}
        return [Fix(code, texts[code], drops=positions) for code, positions in self.found.items()]


def make(context: LintContext) -> ValidationOverlap:
    return ValidationOverlap(context.validation_path)
