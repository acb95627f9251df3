"""Answers that come too often are thinned out, so that no label drowns the others."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunesmith.data.answer_labels import AnswerLabels
from tunesmith.data.lint.answers import main_answer
from tunesmith.data.lint.settings import LintSettings
from tunesmith.data.new_jsonl import new_jsonl
from tunesmith.data.readable_rows import ReadableRows, rows_of
from tunesmith.data.sources import Source
from tunesmith.errors import InvalidRequest
from tunesmith.findings import Finding

# In `facts`, the most frequent first.
_MAX_LISTED = 100


@dataclass(frozen=True, slots=True)
class Balance:
    """`facts["answers"]` maps an answer to its rows before and after; `at_most` is the limit, `because` its reason."""

    path: Path
    n_rows: int
    n_written: int
    n_skipped: int
    facts: dict[str, Any]
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "path": str(self.path),
            "n_rows": self.n_rows,
            "n_written": self.n_written,
            "n_skipped": self.n_skipped,
            "facts": self.facts,
            "findings": [finding.to_json() for finding in self.findings],
        }


def balance(
    source: Source,
    *,
    out: Path,
    at_most: int | None = None,
    max_ratio: float | None = None,
    seed: int = 0,
    settings: LintSettings | None = None,
) -> Balance:
    """Write at most `at_most` rows of every answer, chosen by chance from the seed, in the order of the source.

    Without `at_most`, labels may come `max_ratio` times as often as the rarest of them (by default the ratio above
    which lint warns), and answers that are no labels make `max_repeated_share` of the rows at most. No row is doubled.
    """
    settings = settings or LintSettings()
    source.require_format()
    if at_most is not None and at_most < 1:
        raise InvalidRequest(f"at_most is {at_most}; expected 1 or more rows of every answer", param="at_most")
    if max_ratio is not None and max_ratio < 1:
        raise InvalidRequest(f"max_ratio is {max_ratio}; expected 1 (all the same) or more", param="max_ratio")
    readable, labels, positions = ReadableRows(source), AnswerLabels(settings), array("I")
    for read in readable.rows():
        labels.add(main_answer(read))
        positions.append(read.position)
    if not positions:
        raise InvalidRequest(f"{source.name} has no row that can be read", param="file")
    of_row, counts, words = labels.counted()
    limit, because = _limit(labels, counts, at_most, max_ratio, settings)
    is_kept = _thinned(of_row, counts, limit, seed)
    kept = array("I", np.frombuffer(positions, np.uint32)[is_kept].tobytes())
    with new_jsonl(out, read=(source.path,)) as write:
        for row in rows_of(source, kept):
            write(row.value)
    after = np.bincount(of_row[is_kept], minlength=len(counts))
    facts = {"seed": seed, "at_most": limit, "because": because, "are_labels": labels.are_labels()}
    facts["answers"] = _listed(words, counts, after)
    return Balance(out, len(positions), len(kept), readable.n_skipped, facts, readable.findings())


def _limit(
    labels: AnswerLabels,
    counts: NDArray[np.int64],
    at_most: int | None,
    max_ratio: float | None,
    settings: LintSettings,
) -> tuple[int, str]:
    if at_most is not None:
        return at_most, "asked for"
    if labels.are_labels() or max_ratio is not None:
        ratio = settings.max_label_ratio if max_ratio is None else max_ratio
        return max(1, int(ratio * counts.min())), f"{ratio:g} times the {counts.min()} rows of the rarest answer"
    share = settings.max_repeated_share
    return max(1, int(share * counts.sum())), f"{share:.0%} of the rows, because the answers are no labels"


def _thinned(of_row: NDArray[np.int64], counts: NDArray[np.int64], limit: int, seed: int) -> NDArray[np.bool_]:
    is_kept = counts[of_row] <= limit
    random = np.random.default_rng(seed)
    for label in np.flatnonzero(counts > limit):
        rows = np.flatnonzero(of_row == label)
        is_kept[random.choice(rows, limit, replace=False)] = True
    return is_kept


def _listed(words: list[str], before: NDArray[np.int64], after: NDArray[np.int64]) -> dict[str, dict[str, int]]:
    by_count = np.argsort(-before, kind="stable")[:_MAX_LISTED]
    return {words[label]: {"before": int(before[label]), "after": int(after[label])} for label in by_count}
