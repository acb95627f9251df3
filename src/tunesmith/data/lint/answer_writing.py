"""Answers that differ in their writing: full stops at the end, the width of commas, simplified and traditional."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tunesmith.data.lint.answers import main_answer
from tunesmith.data.lint.check import Check, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.rows_with import percent
from tunesmith.data.lint.settings import LintSettings
from tunesmith.findings import Finding

CODES = ("mixed_endings", "mixed_punctuation", "mixed_scripts")

_ENDINGS = Texts(
    "{share} % of the answers of a sentence or more end without punctuation, the others with it; choose one style",
    "{share}% 的完整句子回答结尾没有标点，其余的有；请统一风格",
)
_PUNCTUATION = Texts(
    "{share} % of the Chinese answers have half-width commas between their words, the others full-width ones",
    "{share}% 的中文回答用了半角逗号，其余的用全角；请统一标点",
)
_SCRIPTS = Texts(
    "{count} answer(s), {share} %, are in the other of the two Chinese scripts ({where}): {most} elsewhere",
    "{count} 个回答（{share}%）用了另一种字体（{where}）：其他回答是{most_zh}",
)
# A label or a name needs no full stop.
_SENTENCE = 40
_CLOSING = frozenset(".!?。！？…\"'”’)）】]}>:：;；~～`|*")
_TRADITIONAL = re.compile("[這個們說來時會對學過還沒樣點開關門話請謝經應電網為與無從後實現問題長見東車馬書體]")
_SIMPLIFIED = re.compile("[这们说来时会对学过还没样点开关门话请谢经应电网为与无从实现问题长见东车马书体]")
_HALF_COMMA = re.compile("[\u4e00-\u9fff],[\u4e00-\u9fff]")
_HEAD = 100
_MIN_ANSWERS = 20


@dataclass(slots=True)
class AnswerWriting(Check):
    settings: LintSettings
    n_sentences: int = 0
    n_open: int = 0
    n_full_commas: int = 0
    n_half_commas: int = 0
    simplified: Lines = field(default_factory=Lines)
    traditional: Lines = field(default_factory=Lines)

    def see(self, row: LintRow) -> None:
        answer = main_answer(row)
        if len(answer) < _SENTENCE:
            return
        self.n_sentences += 1
        last = answer[-1]
        if last.isspace():
            last = answer.rstrip()[-1:]
        self.n_open += last not in _CLOSING
        if not answer.isascii():
            self._note_script(answer[:_HEAD], row.line)
            if "，" in answer:
                self.n_full_commas += 1
            elif "," in answer and _HALF_COMMA.search(answer):
                self.n_half_commas += 1

    def _note_script(self, head: str, line: int) -> None:
        if not _TRADITIONAL.search(head):
            if _SIMPLIFIED.search(head):
                self.simplified.add(line)
        elif not _SIMPLIFIED.search(head):
            self.traditional.add(line)

    def merge(self, later: AnswerWriting) -> None:
        self.n_sentences += later.n_sentences
        self.n_open += later.n_open
        self.n_full_commas += later.n_full_commas
        self.n_half_commas += later.n_half_commas
        self.simplified.merge(later.simplified)
        self.traditional.merge(later.traditional)

    def findings(self) -> list[Finding]:
        told: list[Finding] = []
        closed = self.n_sentences - self.n_open
        if (
            self.n_sentences >= _MIN_ANSWERS
            and min(self.n_open, closed) >= self.settings.mixed_style_share * self.n_sentences
        ):
            share = percent(self.n_open, self.n_sentences)
            told.append(finding("mixed_endings", "info", _ENDINGS, share=share))
        n_commas = self.n_full_commas + self.n_half_commas
        fewer_commas = min(self.n_full_commas, self.n_half_commas)
        if n_commas >= _MIN_ANSWERS and fewer_commas >= self.settings.mixed_style_share * n_commas:
            share = percent(self.n_half_commas, n_commas)
            told.append(finding("mixed_punctuation", "info", _PUNCTUATION, share=share))
        fewer, more = sorted((self.simplified, self.traditional), key=lambda lines: lines.count)
        if fewer.count and fewer.count + more.count >= _MIN_ANSWERS:
            most, most_zh = ("simplified", "简体") if more is self.simplified else ("traditional", "繁体")
            share = percent(fewer.count, fewer.count + more.count)
            facts: dict[str, Any] = {"share": share, "most": most, "most_zh": most_zh}
            told.append(finding("mixed_scripts", "info", _SCRIPTS, lines=fewer, **facts))
        return told


def make(context: LintContext) -> AnswerWriting:
    return AnswerWriting(context.settings)
