"""Control characters that no reader sees: NUL, backspace, a byte order mark inside a text."""

from __future__ import annotations

import re
from typing import Any

from tunesmith.data.lint.check import LintContext, LintRow, Texts
from tunesmith.data.lint.mojibake import repair
from tunesmith.data.lint.row_texts import change_texts
from tunesmith.data.lint.rows_with import Mend, RowsWith

CODES = ("control_characters",)

_TEXTS = Texts(
    "{count} row(s) hold invisible control characters ({where}), first {example}; the model learns to write them",
    "{count} 行含有看不见的控制字符（{where}），第一个是 {example}；模型会学着输出它们",
)
# C0 without tab, line feed and carriage return, DEL, C1, the byte order mark inside a text, and spaces of no width,
# which web pages leave behind. The joiners U+200C and U+200D stay: emoji and some scripts need them.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff]")
# "\\frac" and "\\beta" written into JSON with one backslash are read as a form feed and "rac", a backspace and "eta".
_LATEX_F = re.compile("\x0c(?=rac|orall|box|lat)")
_LATEX_B = re.compile("\x08(?=eta|egin|inom|ar|oldsymbol|ig|mod|ullet|ot)")
_DELETE = bytes([*range(9), 11, 12, *range(14, 32), 127])


def _look(row: LintRow) -> str | None:
    text = row.text
    if text.isascii():
        # Five times faster than the expression on text that holds none.
        data = text.encode("ascii")
        if len(data.translate(None, _DELETE)) == len(data):
            return None
    found = _CONTROL.search(text)
    if found is not None:
        # Half of a wrongly decoded character is mojibake, which is told and repaired as such.
        found = _CONTROL.search(repair(text))
    return None if found is None else f"U+{ord(found.group()):04X}"


def strip_control_characters(value: dict[str, Any]) -> dict[str, Any]:
    """LaTeX whose backslash JSON took for an escape gets it back; the other characters go."""
    changed: dict[str, Any] = change_texts(value, _strip_text)
    return changed


def _strip_text(text: str) -> str:
    if _CONTROL.search(text) is None or _CONTROL.search(repair(text)) is None:
        return text
    text = _LATEX_F.sub(r"\\f", text)
    return _CONTROL.sub("", _LATEX_B.sub(r"\\b", text))


_STRIP = Mend(
    "strip_control_characters",
    Texts("remove control characters; give LaTeX its backslash back", "删除控制字符；还原 LaTeX 的反斜杠"),
    strip_control_characters,
)


def make(context: LintContext) -> RowsWith:
    return RowsWith("control_characters", "warning", _TEXTS, _look, _STRIP)
