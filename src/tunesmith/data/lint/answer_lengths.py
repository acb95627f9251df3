"""How long the answers are: a few far too long, very short and very long ones mixed, or most of them terse."""

from __future__ import annotations

import heapq
import zlib
from dataclasses import dataclass, field
from typing import Any

from tunesmith.data.lint.answers import main_answer
from tunesmith.data.lint.check import Check, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.rows_with import percent
from tunesmith.data.lint.settings import LintSettings
from tunesmith.findings import Finding

CODES = ("very_long_answer", "mixed_answer_lengths", "terse_answers")

_LONG = Texts(
    "{count} answer(s) are far longer than the rest ({where}): {longest:,} characters; half have {median:,} at most",
    "{count} 个回答远比其他的长（{where}）：最长 {longest:,} 个字符，而一半的回答不超过 {median:,} 个",
)
_MIXED = Texts(
    "very short and very long answers are mixed: {short} % have fewer than 32 characters, {long} % have 512 or more; "
    "say in the prompt which is wanted, or train them apart",
    "回答长短混杂：{short}% 不到 32 个字符，{long}% 超过 512 个；请在提示词里说明要长还是要短，或分开训练",
)
_TERSE = Texts(
    "half of the answers have fewer than {median} characters: the tuned model will answer as tersely",
    "一半的回答不到 {median} 个字符：微调后的模型也会答得这么简短",
)

# Lengths are counted by powers of two: bucket b holds 2**(b-1) to 2**b - 1 characters.
_BUCKETS = 40
_MAX_LONGEST = 100
_MAX_DISTINCT = 1000
_MIN_ANSWERS = 20


@dataclass(slots=True)
class AnswerLengths(Check):
    settings: LintSettings
    histogram: list[int] = field(default_factory=lambda: [0] * _BUCKETS)
    longest: list[tuple[int, int]] = field(default_factory=list)
    distinct: set[int] = field(default_factory=set)

    def see(self, row: LintRow) -> None:
        length = len(main_answer(row))
        if not length:
            return
        self.histogram[length.bit_length()] += 1
        if length < 64 and len(self.distinct) < _MAX_DISTINCT:
            self.distinct.add(zlib.crc32(main_answer(row).encode("utf-8", "replace")))
        if length >= self.settings.long_answer_length:
            self._note(length, row.line)

    def _note(self, length: int, line: int) -> None:
        if len(self.longest) < _MAX_LONGEST:
            heapq.heappush(self.longest, (length, line))
        else:
            heapq.heappushpop(self.longest, (length, line))

    def merge(self, later: AnswerLengths) -> None:
        self.histogram = [one + other for one, other in zip(self.histogram, later.histogram, strict=True)]
        self.distinct |= later.distinct
        for length, line in later.longest:
            self._note(length, line)

    def findings(self) -> list[Finding]:
        n = sum(self.histogram)
        if n < 2:
            return []
        median = _upper(self.histogram, n / 2)
        told = self._very_long(median)
        if n >= _MIN_ANSWERS:
            told += self._mixed(n) or self._terse(n, median)
        return told

    def _very_long(self, median: int) -> list[Finding]:
        lines = Lines()
        outliers = [
            (length, line) for length, line in self.longest if length > self.settings.long_answer_ratio * median
        ]
        for _, line in sorted(outliers, key=lambda outlier: outlier[1]):
            lines.add(line)
        if not outliers:
            return []
        facts: dict[str, Any] = {"longest": max(outliers)[0], "median": median}
        return [finding("very_long_answer", "warning", _LONG, lines=lines, **facts)]

    def _mixed(self, n: int) -> list[Finding]:
        short, long = sum(self.histogram[:6]), sum(self.histogram[10:])
        if min(short, long) < self.settings.mixed_style_share * n:
            return []
        facts: dict[str, Any] = {"short": percent(short, n), "long": percent(long, n)}
        return [finding("mixed_answer_lengths", "info", _MIXED, **facts)]

    def _terse(self, n: int, median: int) -> list[Finding]:
        """Labels are short for a good reason: only texts that differ are terse."""
        if median > self.settings.terse_answer_length or len(self.distinct) < min(n / 4, _MAX_DISTINCT):
            return []
        return [finding("terse_answers", "info", _TERSE, median=median)]


def _upper(histogram: list[int], at_least: float) -> int:
    """The upper end of the bucket in which the median lies."""
    seen = 0
    for bucket, count in enumerate(histogram):
        seen += count
        if seen >= at_least:
            return int(2**bucket)
    return int(2 ** len(histogram))


def make(context: LintContext) -> AnswerLengths:
    return AnswerLengths(context.settings)
