"""U+FFFD: what a wrong decoding left where a character was."""

from __future__ import annotations

from typing import Any

from tunesmith.data.lint.check import LintContext, LintRow, Texts
from tunesmith.data.lint.row_texts import change_texts
from tunesmith.data.lint.rows_with import Mend, RowsWith

CODES = ("replacement_character",)

_TEXTS = Texts(
    "{count} row(s) hold U+FFFD, the mark of characters lost in an earlier decoding ({where}), "
    'as in "{example}"; take the rows from the source again, or remove the marks',
    "{count} 行含有 U+FFFD（�），是以前解码出错时丢失的字符（{where}），例如“{example}”；"
    "请从原始数据重新导出，或删除这些符号",
)


def _look(row: LintRow) -> str | None:
    text = row.text
    if text.isascii():
        return None
    at = text.find("\ufffd")
    return None if at < 0 else text[max(0, at - 10) : at + 10].strip()


def strip_replacement_characters(value: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = change_texts(value, lambda text: text.replace("\ufffd", ""))
    return changed


_STRIP = Mend(
    "strip_replacement_characters",
    Texts("remove the U+FFFD marks", "删除 U+FFFD 符号"),
    strip_replacement_characters,
)


def make(context: LintContext) -> RowsWith:
    return RowsWith("replacement_character", "warning", _TEXTS, _look, _STRIP)
