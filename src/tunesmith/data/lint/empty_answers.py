"""Answers without a word: the model learns to say nothing."""

from __future__ import annotations

from tunesmith.data.examples import ChatExample
from tunesmith.data.lint.check import LintContext, LintRow, Texts
from tunesmith.data.lint.rows_with import Mend, RowsWith

CODES = ("empty_answer",)

_TEXTS = Texts(
    "{count} row(s) with an empty answer ({where}): the model learns to say nothing",
    "{count} 行的回答为空（{where}）：模型会学成什么都不说",
)
_REMOVE = Mend("remove_empty_answers", Texts("remove rows whose answer is empty", "删除回答为空的行"))


def make(context: LintContext) -> RowsWith:
    return RowsWith("empty_answer", "warning", _TEXTS, empty_answer, _REMOVE)


def empty_answer(row: LintRow) -> str | None:
    """ "" when some trained answer of the row says nothing."""
    for answer in row.answers:
        if not answer or answer.isspace():
            return "" if _says_nothing(row) else None
    return None


def _says_nothing(row: LintRow) -> bool:
    """An assistant's turn that only calls tools has no words either, and is right so."""
    example = row.example
    if not isinstance(example, ChatExample):
        return True
    return any(
        message.role == "assistant" and not message.tool_calls and not (message.content or "").strip()
        for message in example.messages
        if message.weight != 0
    )
