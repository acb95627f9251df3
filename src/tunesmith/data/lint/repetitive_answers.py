"""Answers that say one thing over and over: the model learns to loop."""

from __future__ import annotations

import zlib
from functools import partial

from tunesmith.data.examples import PreferenceExample
from tunesmith.data.lint.check import LintContext, LintRow, Texts
from tunesmith.data.lint.rows_with import Mend, RowsWith
from tunesmith.data.lint.settings import LintSettings

CODES = ("repetitive_answer",)

_TEXTS = Texts(
    '{count} answer(s) repeat themselves ({where}), "{example}...": the model learns to go on like this without end',
    "{count} 个回答在不断重复自己（{where}），如“{example}……”：模型会学成停不下来",
)
_REMOVE = Mend("remove_repetitive_answers", Texts("remove rows whose answer is a loop", "删除回答不断重复的行"))

# A piece of this length that comes this often makes an answer worth compressing, which costs a hundred times more.
_PIECE = 24
_OFTEN = 5


def make(context: LintContext) -> RowsWith:
    return RowsWith("repetitive_answer", "warning", _TEXTS, partial(_look, context.settings), _REMOVE)


def _look(settings: LintSettings, row: LintRow) -> str | None:
    # A rejected answer may be a loop: it teaches not to.
    answers = row.answers[:1] if isinstance(row.example, PreferenceExample) else row.answers
    for answer in answers:
        if len(answer) >= settings.repetition_length and _compressed(answer) < settings.repetition_ratio:
            return answer[:20]
    return None


def _compressed(answer: str) -> float:
    """What zlib leaves of an answer, as a part of 1; 1 for answers whose middle does not come again and again."""
    middle = len(answer) // 2
    if answer.count(answer[middle : middle + _PIECE]) < _OFTEN:
        return 1.0
    data = answer.encode("utf-8", "replace")
    return len(zlib.compress(data, 1)) / len(data)
