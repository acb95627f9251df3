"""Marks of a chat template inside the texts: they are added in training, so the rows would hold them twice."""

from __future__ import annotations

import re
from typing import Any

from tunesmith.data.lint.check import LintContext, LintRow, Texts
from tunesmith.data.lint.row_texts import change_texts
from tunesmith.data.lint.rows_with import Checks, Mend, RowsWith

CODES = ("template_marks", "end_marks")

_INSIDE = Texts(
    '{count} row(s) hold marks of a chat template, such as "{example}" ({where}); training adds them itself: '
    "give the turns as messages of their own",
    "{count} 行文本里含有聊天模板的标记，如“{example}”（{where}）；训练时会自动加上，请把各轮对话拆成单独的消息",
)
_AT_END = Texts(
    '{count} row(s) end with "{example}" ({where}); training adds the end of a turn itself',
    "{count} 行以“{example}”结尾（{where}）；训练时会自动加上结束符",
)

_END = re.compile(
    r"\s*(?:<\|(?:im_end|endoftext|eot_id|end_of_text|end)\|>|</s>|<eos>|<end_of_turn>|<｜end▁of▁sentence｜>)\s*$"
)
_MARK = re.compile(
    r"<\|(?:im_start|im_end|start_header_id|end_header_id|begin_of_text|system|user|assistant|endoftext|eot_id)\|>"
    r"|\[/?INST\]|<</?SYS>>|<start_of_turn>|<end_of_turn>"
    r"|^###\s*(?:Instruction|Response|Input|Human|Assistant)\s*:",
    re.M,
)

_HINTS = ("<|", "[INST]", "<<SYS>>", "_of_turn>", "###")


def make(context: LintContext) -> Checks:
    return Checks(
        RowsWith("end_marks", "warning", _AT_END, _ends, _STRIP),
        RowsWith("template_marks", "warning", _INSIDE, _holds),
    )


def _ends(row: LintRow) -> str | None:
    for text in row.texts:
        if text[-1:].rstrip() in ">":
            found = _END.search(text[-40:])
            if found is not None and text:
                return found.group().strip()
    return None


def _holds(row: LintRow) -> str | None:
    text = row.text
    if "<" not in text and "[" not in text and "#" not in text:
        return None
    if not any(hint in text for hint in _HINTS):
        return None
    for each in row.texts:
        found = _MARK.search(_END.sub("", each))
        if found is not None:
            return found.group()
    return None


def strip_end_marks(value: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = change_texts(value, _strip)
    return changed


def _strip(text: str) -> str:
    while (found := _END.search(text)) is not None:
        text = text[: found.start()]
    return text


_STRIP = Mend(
    "strip_end_marks", Texts("remove the end marks from the texts", "去掉文本末尾的结束标记"), strip_end_marks
)
