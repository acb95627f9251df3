"""Refusals: a set full of "I can't answer that" makes a model that refuses too much."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from typing import Any

from tunesmith.data.formats.row_report import cut
from tunesmith.data.lint.answers import main_answer
from tunesmith.data.lint.check import Check, Fix, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.rows_with import percent
from tunesmith.data.lint.settings import LintSettings
from tunesmith.findings import Finding

CODES = ("refusals",)

_TEXTS = Texts(
    '{count} answers, {share} %, are refusals ({where}), e.g. "{example}"; the tuned model will refuse about as often: '
    "keep the share near what you want from it",
    "{count} 个回答（{share}%）是拒绝回答（{where}），例如“{example}”；"
    "微调后的模型也会这样频繁拒绝，请把比例降到你真正想要的水平",
)
_REMOVE = Texts("remove rows whose answer is a refusal", "删除拒绝回答的行")

# A refusal is said at the beginning of an answer.
_HEAD = 200
_EN_MARKS = ("not", "n't", "unable", "’")  # one of them is in all that _EN finds
_EN_WORDS = (
    *("sorry", "afraid", "unable", "not able", "can't", "cannot", "can not", "won't", "as an ai", "apologi"),
    *("don't have", "do not have"),
)
_EN = re.compile(
    r"\b(?:sorry|afraid|apologi[sz]e)\b[^.!?\n]{0,60}?\b(?:can(?:'t|not| not)|unable|not able|won't|not allowed)"
    r"|\bi(?:'m| am) (?:unable|not able|not allowed|not permitted) to\b"
    r"|\bi (?:can(?:'t|not| not)|won't|will not) (?:answer|help(?! but\b)|assist|provide|discuss|comply|share|give"
    r"|create|write|generate|fulfil|respond|offer|do that|engage|support)"
    r"|\bi (?:don't|do not) have (?:access to|enough information|the (?:ability|capability|information))"
    r"|\bas an ai\b[^.!?\n]{0,80}?\b(?:can(?:'t|not| not)|don't|do not|unable|not able)"
)
# Each with its rarest character, which is looked for first: one character is found five times as fast as several.
_ZH_WORDS = (
    *(("歉", "抱歉"), ("起", "对不起"), ("法", "无法"), ("能", "不能"), ("憾", "遗憾"), ("思", "不好意思")),
    *(("便", "不便"), ("奉", "无可奉告"), ("没", "我没有")),
)
_ZH = re.compile(
    r"(?:抱歉|对不起|遗憾|不好意思)[^。！？\n]{0,30}?(?:无法|不能|没法|没有办法|不便|不可以)(?:为您|为你|向您|给您|给出|直接|对|就)?"
    r"[^。！？\n]{0,12}?(?:回答|提供|帮助|帮您|帮你|协助|满足|完成|处理|评论|讨论|透露|执行|生成|访问)"
    r"|^(?:我|本人|作为[^，。]{0,15}[，,]?我?)?(?:无法|不能|不便)(?:回答|提供|帮助|协助|满足|完成|评论|讨论|透露)"
    r"|作为(?:一个|一名|一款)?(?:AI|人工智能|语言模型|大模型)[^。！？\n]{0,40}?(?:无法|不能|不具备)"
    r"|我没有(?:权限|足够的信息|访问|这方面的信息|相关信息)"
    r"|无可奉告"
)


def is_refusal(answer: str) -> bool:
    head = answer[:_HEAD].lower()
    if (
        " " in head
        and _holds(head, _EN_MARKS)
        and ("’" in head or _holds(head, _EN_WORDS))
        and _EN.search(head.replace("’", "'"))
    ):
        return True
    if head.isascii():
        return False
    for character, word in _ZH_WORDS:
        if character in head and word in head:
            return _ZH.search(answer[:_HEAD]) is not None
    return False


def _holds(text: str, words: tuple[str, ...]) -> bool:
    # a loop, not any(...): a generator would cost more than the looking
    for word in words:  # noqa: SIM110
        if word in text:
            return True
    return False


@dataclass(slots=True)
class Refusals(Check):
    settings: LintSettings
    n_answers: int = 0
    lines: Lines = field(default_factory=Lines)
    positions: array[int] = field(default_factory=lambda: array("Q"))
    example: str = ""

    def see(self, row: LintRow) -> None:
        answer = main_answer(row)
        if not answer:
            return
        self.n_answers += 1
        if is_refusal(answer):
            self.lines.add(row.line)
            self.positions.append(row.position)
            self.example = self.example or cut(answer.strip().partition("\n")[0])

    def merge(self, later: Refusals) -> None:
        self.n_answers += later.n_answers
        self.lines.merge(later.lines)
        self.positions.extend(later.positions)
        self.example = self.example or later.example

    def _too_many(self) -> bool:
        count = self.lines.count
        return count >= self.settings.min_refusals and count > self.settings.max_refusal_share * self.n_answers

    def findings(self) -> list[Finding]:
        if not self._too_many():
            return []
        facts: dict[str, Any] = {"share": percent(self.lines.count, self.n_answers), "example": self.example}
        return [finding("refusals", "warning", _TEXTS, lines=self.lines, fix="remove_refusals", **facts)]

    def fixes(self) -> list[Fix]:
        if not self._too_many():
            return []
        return [Fix("remove_refusals", _REMOVE, recommended=False, drops=self.positions)]


def make(context: LintContext) -> Refusals:
    return Refusals(context.settings)
