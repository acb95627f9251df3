"""One prompt with different answers: the model is taught that both are right, and learns neither well."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np
import orjson
from numpy.typing import NDArray

from tunesmith.data.dedupe import first_with_same, text_key
from tunesmith.data.examples import ChatExample
from tunesmith.data.lint.check import Check, Fix, Lines, LintContext, LintRow, Texts, finding
from tunesmith.findings import MAX_ROWS, Finding

CODES = ("different_answers",)

_TEXTS = Texts(
    "{n_prompts} prompt(s) have different answers in different rows ({count} rows, {where}): decide which one is right",
    "{n_prompts} 个提示词在不同的行里有不同的回答（共 {count} 行，{where}）：请确定哪个才是对的",
)
_FIX = "keep_first_answer"
_FIX_TEXTS = Texts(
    "keep the first row of each such prompt, remove the others", "每个这样的提示词只保留第一行，删除其余的行"
)


@dataclass(slots=True)
class DifferentAnswers(Check):
    prompts: array[int] = field(default_factory=lambda: array("Q"))
    answers: array[int] = field(default_factory=lambda: array("Q"))
    positions: array[int] = field(default_factory=lambda: array("I"))
    lines: array[int] = field(default_factory=lambda: array("I"))
    drops: array[int] = field(default_factory=lambda: array("I"))

    def see(self, row: LintRow) -> None:
        if is_question(row):
            self.prompts.append(prompt_key(row))
            self.answers.append(row.rest_key)
            self.positions.append(row.position)
            self.lines.append(row.line)

    def merge(self, later: DifferentAnswers) -> None:
        self.prompts += later.prompts
        self.answers += later.answers
        self.positions += later.positions
        self.lines += later.lines

    def findings(self) -> list[Finding]:
        if not self.prompts:
            return []
        first = first_with_same(np.frombuffer(self.prompts, np.uint64))
        answers = np.frombuffer(self.answers, np.uint64)
        differs = answers != answers[first]
        is_mixed = np.zeros(len(first), bool)
        is_mixed[first[differs]] = True
        rows = np.flatnonzero(is_mixed[first])
        if not len(rows):
            return []
        others = rows[first[rows] != rows]
        self.drops = array("I", np.frombuffer(self.positions, np.uint32)[others].tobytes())
        lines = Lines(len(rows), [self.lines[at] for at in rows[:MAX_ROWS].tolist()])
        n_prompts = int(is_mixed.sum())
        groups = [self._lines_of(rows, first, original) for original in np.flatnonzero(is_mixed)[:20].tolist()]
        return [
            finding("different_answers", "warning", _TEXTS, lines=lines, fix=_FIX, n_prompts=n_prompts, groups=groups)
        ]

    def _lines_of(self, rows: NDArray[np.int64], first: NDArray[np.int64], original: int) -> list[int]:
        return [self.lines[at] for at in rows[first[rows] == original][:20].tolist()]

    def fixes(self) -> list[Fix]:
        return [Fix(_FIX, _FIX_TEXTS, recommended=False, drops=self.drops)] if self.drops else []


def is_question(row: LintRow) -> bool:
    """Whether something was asked and one answer is trained; an empty prompt is open-ended generation."""
    example = row.example
    if not isinstance(example, ChatExample) or example.label is not None or not row.answers:
        return False
    prompt = row.prompt
    return len(prompt) > len(row.system) and bool(prompt) and not prompt.isspace() and row.roles[-2:] in ("ua", "ta")


def prompt_key(row: LintRow) -> int:
    """64 bits that are equal for rows that ask the same, with the same system prompt and tools."""
    example = row.example
    tools = orjson.dumps(example.tools, default=str).decode() if example is not None and example.tools else ""
    return text_key(f"{row.roles} {row.prompt_key} {tools}")


def make(context: LintContext) -> DifferentAnswers:
    return DifferentAnswers()
