"""Preference pairs in which the preferred answer is nearly always the longer (or the shorter) one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tunesmith.data.examples import PreferenceExample
from tunesmith.data.lint.check import Check, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.rows_with import percent
from tunesmith.data.lint.settings import LintSettings
from tunesmith.findings import Finding

CODES = ("pair_length_bias",)

_LONGER = Texts(
    "in {share} % of the pairs the preferred answer is the longer one: the model learns to write more",
    "{share}% 的偏好数据里，优选回答都更长：模型会学成写得更长，而不是写得更好",
)
_SHORTER = Texts(
    "in {share} % of the pairs the preferred answer is the shorter one: the model learns to write less",
    "{share}% 的偏好数据里，优选回答都更短：模型会学成写得更短，而不是写得更好",
)
_MIN_PAIRS = 20


@dataclass(slots=True)
class PairLengths(Check):
    settings: LintSettings
    n_pairs: int = 0
    n_longer: int = 0
    n_shorter: int = 0

    def see(self, row: LintRow) -> None:
        if not isinstance(row.example, PreferenceExample):
            return
        preferred, other = row.answers
        self.n_pairs += 1
        self.n_longer += len(preferred) > len(other)
        self.n_shorter += len(preferred) < len(other)

    def merge(self, later: PairLengths) -> None:
        self.n_pairs += later.n_pairs
        self.n_longer += later.n_longer
        self.n_shorter += later.n_shorter

    def findings(self) -> list[Finding]:
        most = max(self.n_longer, self.n_shorter)
        if self.n_pairs < _MIN_PAIRS or most < self.settings.pair_length_share * self.n_pairs:
            return []
        texts = _LONGER if self.n_longer > self.n_shorter else _SHORTER
        facts: dict[str, Any] = {"share": percent(most, self.n_pairs)}
        return [finding("pair_length_bias", "info", texts, **facts)]


def make(context: LintContext) -> PairLengths:
    return PairLengths(context.settings)
