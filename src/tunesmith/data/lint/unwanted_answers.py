"""KTO rows labelled false: answers that should not be given."""

from __future__ import annotations

from tunesmith.data.lint.check import LintContext, LintRow, Texts
from tunesmith.data.lint.rows_with import Mend, RowsWith

CODES = ("unwanted_answer",)

_TEXTS = Texts(
    "{count} row(s) are labelled false, as bad answers ({where}): supervised training would teach them",
    "{count} 行的 label 是 false，表示回答不好（{where}）：监督微调会把这些坏回答也学进去",
)
_REMOVE = Mend("remove_unwanted_answers", Texts("remove rows labelled false", "删除 label 为 false 的行"))


def make(context: LintContext) -> RowsWith:
    return RowsWith("unwanted_answer", "warning", _TEXTS, _look, _REMOVE)


def _look(row: LintRow) -> str | None:
    return "" if row.value.get("label") is False else None
