"""Answers in another language than their questions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from tunesmith.data.lint.answers import last_question, main_answer
from tunesmith.data.lint.check import Check, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.rows_with import percent
from tunesmith.data.lint.settings import LintSettings
from tunesmith.findings import Finding

CODES = ("answer_language_differs",)

_TEXTS = Texts(
    "{count} row(s), {share} %, answer in another language than they are asked in ({where})",
    "{count} 行（{share}%）的回答和提问不是同一种语言（{where}）",
)
_HEAD = 160
_CJK = re.compile("[\u4e00-\u9fff]")
_WORD = re.compile(r"[A-Za-z]{2,}")
_CODE = re.compile(r"```|://|[{};=<>]|\w\(|\w\.\w|\w/\w|\\")
# Prose has such words, error messages and names of files have few of them.
_ENGLISH = re.compile(
    r"\b(?:the|is|are|was|to|of|and|you|your|a|an|in|it|for|this|that|can|we|i|with|on|my|be)\b", re.I
)
# Rows that ask for another language.
_ASKED = re.compile(r"翻译|译成|英文|英语|中文|汉语|translat|chinese|english|mandarin|pinyin", re.I)


def language_of(text: str) -> Literal["zh", "en"] | None:
    """Chinese or English prose at the beginning of the text; None for code, labels and everything else."""
    head = text[:_HEAD]
    n_cjk = len(_CJK.findall(head))
    n_words = len(_WORD.findall(head))
    if n_cjk >= 6 and n_cjk > 2 * n_words:
        return "zh"
    if n_cjk == 0 and n_words >= 6 and not _CODE.search(head) and len(_ENGLISH.findall(head)) >= 3:
        return "en"
    return None


@dataclass(slots=True)
class AnswerLanguage(Check):
    settings: LintSettings
    n_rows: int = 0
    lines: Lines = field(default_factory=Lines)

    def see(self, row: LintRow) -> None:
        answer = main_answer(row)
        if not answer:
            return
        self.n_rows += 1
        question = last_question(row)
        if answer[:_HEAD].isascii() == question[:_HEAD].isascii():
            return
        one, other = language_of(question), language_of(answer)
        if one and other and one != other and not _ASKED.search(row.prompt):
            self.lines.add(row.line)

    def merge(self, later: AnswerLanguage) -> None:
        self.n_rows += later.n_rows
        self.lines.merge(later.lines)

    def findings(self) -> list[Finding]:
        if not self.lines.count or self.lines.count > self.settings.foreign_answer_share * self.n_rows:
            return []
        share = percent(self.lines.count, self.n_rows)
        return [finding("answer_language_differs", "warning", _TEXTS, lines=self.lines, share=share)]


def make(context: LintContext) -> AnswerLanguage:
    return AnswerLanguage(context.settings)
