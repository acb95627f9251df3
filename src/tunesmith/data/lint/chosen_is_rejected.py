"""Preference pairs without a preference: the loss stays at ln 2 = 0.693."""

from __future__ import annotations

from tunesmith.data.examples import PreferenceExample
from tunesmith.data.lint.check import LintContext, LintRow, Texts
from tunesmith.data.lint.rows_with import Mend, RowsWith

CODES = ("chosen_is_rejected",)

_TEXTS = Texts(
    "{count} pair(s) whose preferred and rejected answers are the same ({where}): they teach nothing, "
    "and if all are so, the loss stays at 0.6931",
    "{count} 对偏好数据的优选回答和拒绝回答完全相同（{where}）：学不到任何东西；如果全都这样，loss 会一直停在 0.6931",
)
_REMOVE = Mend("remove_equal_pairs", Texts("remove pairs of equal answers", "删除两个回答相同的数据"))


def make(context: LintContext) -> RowsWith:
    return RowsWith("chosen_is_rejected", "warning", _TEXTS, _look, _REMOVE)


def _look(row: LintRow) -> str | None:
    example = row.example
    if not isinstance(example, PreferenceExample):
        return None
    one, other = example.preferred, example.non_preferred
    same = (one.content or "").strip() == (other.content or "").strip() and one.tool_calls == other.tool_calls
    return (one.content or "") if same else None
