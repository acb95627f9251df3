"""Answers that are labels, or that come again and again: one dominates, some are rare, some are spelt in two ways."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tunesmith.data.formats.row_report import cut
from tunesmith.data.lint.answers import main_answer
from tunesmith.data.lint.check import Check, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.rows_with import percent
from tunesmith.data.lint.settings import LintSettings
from tunesmith.findings import Finding

CODES = ("dominant_answer", "label_imbalance", "label_variants", "repeated_answer")

_DOMINANT = Texts(
    '{share} % of the answers are "{answer}" ({n_labels} different answers): a model that always says so is right that '
    "often; add examples of the others, or balance the file",
    "{share}% 的回答都是“{answer}”（共 {n_labels} 种回答）：模型只要总答这一个就能对这么多；"
    "请补充其他答案的样本，或做均衡采样",
)
_IMBALANCE = Texts(
    'the most frequent of {n_labels} answers, "{answer}", comes {ratio} times as often as the rarest, "{rarest}" '
    "({n_rarest}); rare answers are learnt badly",
    "{n_labels} 种回答中，最多的“{answer}”是最少的“{rarest}”（{n_rarest} 个）的 {ratio} 倍；样本太少的类别很难学好",
)
_VARIANTS = Texts(
    "the same answer is spelt in several ways: {variants}; choose one spelling",
    "同一个回答有几种写法：{variants}；请统一",
)
_REPEATED = Texts(
    'the answer "{answer}" comes {n_same} times ({share} % of the rows): the model will say it where it does not fit',
    "回答“{answer}”出现了 {n_same} 次（占 {share}%）：模型会在不合适的地方也这样答",
)

# Different answers remembered; more of them are no labels.
_MAX_KNOWN = 4096
_MAX_LENGTH = 200
# Fewer answers show no distribution.
_MIN_ANSWERS = 20


@dataclass(slots=True)
class Labels(Check):
    settings: LintSettings
    n_answers: int = 0
    n_other: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def see(self, row: LintRow) -> None:
        answer = main_answer(row)
        # Conversations may well end with the same farewell.
        if not answer or row.roles.count("a") > 1:
            return
        self.n_answers += 1
        if len(answer) > _MAX_LENGTH:
            self.n_other += 1
        elif answer in self.counts:
            self.counts[answer] += 1
        elif len(self.counts) < _MAX_KNOWN:
            self.counts[answer] = 1
        else:
            self.n_other += 1

    def merge(self, later: Labels) -> None:
        self.n_answers += later.n_answers
        self.n_other += later.n_other
        for answer, count in later.counts.items():
            if answer in self.counts or len(self.counts) < _MAX_KNOWN:
                self.counts[answer] = self.counts.get(answer, 0) + count
            else:
                self.n_other += count

    def findings(self) -> list[Finding]:
        counts = sorted(self.counts.items(), key=lambda item: -item[1])
        if self.n_answers < _MIN_ANSWERS or not counts:
            return []
        return self._of_labels(counts) if self._are_labels() else self._of_texts(counts)

    def _are_labels(self) -> bool:
        longest = max(map(len, self.counts))
        return not self.n_other and are_labels(len(self.counts), self.n_answers, longest, self.settings)

    def _of_labels(self, counts: list[tuple[str, int]]) -> list[Finding]:
        told: list[Finding] = []
        (answer, most), (rarest, least) = counts[0], counts[-1]
        facts: dict[str, Any] = {"answer": cut(answer.strip()), "n_labels": len(counts)}
        if most > self.settings.max_answer_share * self.n_answers:
            share = percent(most, self.n_answers)
            told.append(finding("dominant_answer", "warning", _DOMINANT, share=share, **facts))
        elif most > self.settings.max_label_ratio * least:
            rare: dict[str, Any] = {"rarest": cut(rarest.strip()), "n_rarest": least, "ratio": round(most / least)}
            told.append(finding("label_imbalance", "info", _IMBALANCE, **facts, **rare))
        groups: dict[str, list[str]] = defaultdict(list)
        for label, _ in counts:
            groups[label.strip().strip(".。!！").casefold()].append(label)
        variants = [group for group in groups.values() if len(group) > 1]
        if variants:
            shown = "; ".join(" / ".join(f'"{label}"' for label in group) for group in variants[:5])
            told.append(finding("label_variants", "warning", _VARIANTS, variants=shown))
        return told

    def _of_texts(self, counts: list[tuple[str, int]]) -> list[Finding]:
        answer, most = counts[0]
        if most < 10 or most <= self.settings.max_repeated_share * self.n_answers:
            return []
        share = percent(most, self.n_answers)
        return [finding("repeated_answer", "warning", _REPEATED, answer=cut(answer.strip()), n_same=most, share=share)]


def are_labels(n_different: int, n_answers: int, longest: int, settings: LintSettings) -> bool:
    """Whether answers are those of a classification: few different ones, short, and each of them repeated."""
    few = n_different <= min(settings.max_labels, n_answers / 4)
    return few and longest <= settings.max_label_length


def make(context: LintContext) -> Labels:
    return Labels(context.settings)
