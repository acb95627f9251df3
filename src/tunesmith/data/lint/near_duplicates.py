"""Rows that say nearly the same: they count double without being seen as copies, and leak into validation."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tunesmith.data.dedupe import SimilarTexts
from tunesmith.data.lint.answers import after_system
from tunesmith.data.lint.blocks import is_by_line, rows_at
from tunesmith.data.lint.check import Check, Fix, Lines, LintContext, LintRow, Texts, finding
from tunesmith.data.lint.rows_with import percent
from tunesmith.data.sources import Source
from tunesmith.findings import MAX_ROWS, Finding

CODES = ("near_duplicates",)

_TEXTS = Texts(
    "{count} row(s) nearly repeat an earlier row ({where}), {share} % of the file: for example lines {example}",
    "{count} 行与前面的行几乎相同（{where}），占全部样本的 {share}%：例如第 {example} 行",
)
_FIX = "remove_near_duplicates"
_FIX_TEXTS = Texts(
    "remove rows that are nearly the same as an earlier one", "删除与前面的行几乎相同的行，每组只保留第一行"
)


@dataclass(slots=True)
class NearDuplicates(Check):
    source: Source | None
    threshold: float
    texts: SimilarTexts = field(default_factory=SimilarTexts)
    drops: array[int] = field(default_factory=lambda: array("I"))

    def see(self, row: LintRow) -> None:
        if row.example is not None:
            self.texts.add(row.position, similar_text(row))

    def merge(self, later: NearDuplicates) -> None:
        self.texts.merge(later.texts)

    def findings(self) -> list[Finding]:
        groups = self.texts.groups(self._reread, threshold=self.threshold, with_copies=False)
        if not groups:
            return []
        self.drops = array("I", sorted(position for group in groups for position in group[1:]))
        shown = sorted({*self.drops[:MAX_ROWS], *groups[0]})
        lines = self._lines(shown)
        facts: dict[str, Any] = {
            "share": percent(len(self.drops), len(self.texts)),
            "threshold": self.threshold,
            "n_groups": len(groups),
            "example": ", ".join(str(lines[position]) for position in groups[0][:3]),
        }
        listed = Lines(len(self.drops), [lines[position] for position in self.drops[:MAX_ROWS]])
        return [finding("near_duplicates", "warning", _TEXTS, lines=listed, fix=_FIX, **facts)]

    def fixes(self) -> list[Fix]:
        return [Fix(_FIX, _FIX_TEXTS, recommended=False, drops=self.drops)] if self.drops else []

    def _reread(self, positions: Sequence[int]) -> Iterator[tuple[int, str]]:
        return ((row.position, similar_text(row)) for row in rows_at(self._file(), positions))

    def _lines(self, positions: Sequence[int]) -> dict[int, int]:
        if is_by_line(self._file()):
            return {position: position for position in positions}
        return {row.position: row.line for row in rows_at(self._file(), positions)}

    def _file(self) -> Source:
        if self.source is None:
            raise ValueError("near-duplicates are verified in the file: LintContext.source is missing")
        return self.source


def similar_text(row: LintRow) -> str:
    """What is compared: everything but the system prompt."""
    return after_system(row, row.text)


def make(context: LintContext) -> NearDuplicates:
    return NearDuplicates(context.source, context.settings.near_duplicate_similarity)
