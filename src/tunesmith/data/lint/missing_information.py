"""Answers that quote what their prompt does not hold, in files where the answers come from the prompts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tunesmith.data.examples import ChatExample
from tunesmith.data.formats.row_report import cut
from tunesmith.data.lint.answers import main_answer
from tunesmith.data.lint.check import Check, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.rows_with import percent
from tunesmith.data.lint.settings import LintSettings
from tunesmith.findings import Finding

CODES = ("answer_not_in_prompt", "numbers_not_in_prompt")

_ANSWER = Texts(
    "in {share} % of the rows the answer stands word for word in the prompt, but not in {count} ({where}), e.g. "
    '"{example}": the model learns to make things up',
    "{share}% 的行，回答都能在提示词里原样找到，但有 {count} 行找不到（{where}），例如“{example}”：模型会学着编造",
)
_NUMBERS = Texts(
    "in {share} % of the rows all numbers of the answer stand in the prompt, but not in {count} ({where}), e.g. "
    '"{example}": is the information missing from the prompt?',
    "{share}% 的行，回答里的数字都能在提示词里找到，但有 {count} 行找不到（{where}），例如“{example}”："
    "是不是提示词里缺少信息？",
)

# A prompt long enough to take the answer from, and an answer long enough not to stand there by chance.
_MIN_PROMPT = 200
_MIN_ANSWER = 3
_MAX_ANSWER = 300
_ENOUGH = 500
_NUMBER = re.compile(r"\d[\d,.:/-]*\d")


@dataclass(slots=True)
class MissingInformation(Check):
    settings: LintSettings
    n_seen: int = 0
    n_quoting: int = 0
    n_with_numbers: int = 0
    absent: Lines = field(default_factory=Lines)
    absent_numbers: Lines = field(default_factory=Lines)
    examples: list[str] = field(default_factory=lambda: ["", ""])

    def see(self, row: LintRow) -> None:
        prompt = row.prompt
        if len(prompt) < _MIN_PROMPT or not isinstance(row.example, ChatExample):
            return
        answer = main_answer(row)
        length = len(answer)
        if length < _MIN_ANSWER or length > _MAX_ANSWER or length * 2 > len(prompt):
            return
        self.n_seen += 1
        if self.n_seen > _ENOUGH and 2 * self.n_quoting < self.n_seen and 2 * self.n_with_numbers < self.n_seen:
            return  # these answers are not taken from their prompts
        if answer in prompt or answer.strip(" .。\n").casefold() in prompt.casefold():
            self.n_quoting += 1
        else:
            self.absent.add(row.line)
            self.examples[0] = self.examples[0] or answer
        numbers = _NUMBER.findall(answer)
        if not numbers:
            return
        strange = next((number for number in numbers if number not in prompt), None)
        if strange is None:
            self.n_with_numbers += 1
        else:
            self.absent_numbers.add(row.line)
            self.examples[1] = self.examples[1] or strange

    def merge(self, later: MissingInformation) -> None:
        self.n_seen += later.n_seen
        self.n_quoting += later.n_quoting
        self.n_with_numbers += later.n_with_numbers
        self.absent.merge(later.absent)
        self.absent_numbers.merge(later.absent_numbers)
        self.examples = [one or other for one, other in zip(self.examples, later.examples, strict=True)]

    def findings(self) -> list[Finding]:
        told = self._told("answer_not_in_prompt", _ANSWER, self.n_quoting, self.absent, self.examples[0])
        return told or self._told(
            "numbers_not_in_prompt", _NUMBERS, self.n_with_numbers, self.absent_numbers, self.examples[1]
        )

    def _told(self, code: str, texts: Texts, n_quoting: int, absent: Lines, example: str) -> list[Finding]:
        n = n_quoting + absent.count
        if not absent.count or n < self.settings.min_extractive_rows:
            return []
        if n_quoting < self.settings.extractive_share * n:
            return []
        facts: dict[str, Any] = {"share": percent(n_quoting, n), "example": cut(example)}
        return [finding(code, "warning", texts, lines=absent, **facts)]


def make(context: LintContext) -> MissingInformation:
    return MissingInformation(context.settings)
