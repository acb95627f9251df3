"""UTF-8 that was once read as Latin-1, cp1252 or GBK: "cafÃ©", "ä½ å¥½", "锟斤拷"."""

from __future__ import annotations

import re
from typing import Any

from tunesmith.data.lint.check import LintContext, LintRow, Texts
from tunesmith.data.lint.row_texts import change_texts
from tunesmith.data.lint.rows_with import Checks, Mend, RowsWith

CODES = ("mojibake", "lost_in_gbk")

_TEXTS = Texts(
    "{count} row(s) were decoded wrongly before ({where}): {example}",
    "{count} 行以前解码出错，成了乱码（{where}）：{example}",
)
_LOST = Texts(
    '{count} row(s) hold text once decoded with the wrong Chinese encoding ({where}), e.g. "{example}"; characters are '
    "lost: take the rows from the source again",
    "{count} 行含有编码弄错留下的乱码（{where}），例如“{example}”；原来的字符已经丢失，请从原始数据重新导出",
)

# A byte that begins a UTF-8 sequence and those that go on, as cp1252 shows them (with C1 where it has nothing).
_GO_ON = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_RUN = re.compile(f"(?:[\xc2-\xdf][{_GO_ON}]|[\xe0-\xef][{_GO_ON}]{{2}}|[\xf0-\xf4][{_GO_ON}]{{3}})+")
_LEADS = ("Ã", "Â", "â", "ä", "å", "æ", "ç", "è", "é", "ï", "ð", "Ð", "Ñ")
# What the UTF-8 of full-width and curly punctuation becomes in GBK; no ordinary text has these characters. The way back
# is lost, because an odd number of bytes goes in and GBK has no character for many pairs.
_GBK_MARKS = ("锛", "銆", "鈥", "锟斤拷", "烫烫烫烫", "屯屯屯屯")


def repair(text: str) -> str:
    """The text as it was, where the bytes prove it; the same text otherwise."""
    if text.isascii():
        return text
    if any(lead in text for lead in _LEADS):
        text = _RUN.sub(_from_cp1252, text)
    return text


def _from_cp1252(found: re.Match[str]) -> str:
    run = found.group()
    data = b"".join(_byte(character) for character in run)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:  # these characters only look like it
        return run


def _byte(character: str) -> bytes:
    return character.encode("latin-1" if ord(character) < 256 else "cp1252")


def _look(row: LintRow) -> str | None:
    text = row.text
    if text.isascii():
        return None
    for lead in _LEADS:
        if lead in text and (found := _RUN.search(text)) and (right := _from_cp1252(found)) != found.group():
            return f"{found.group()} -> {right}"
    return None


def _look_lost(row: LintRow) -> str | None:
    text = row.text
    if text.isascii():
        return None
    for mark in _GBK_MARKS:
        # One character is looked for five times as fast as several.
        if mark[0] in text and mark in text:
            return text[text.index(mark) :][:12]
    return None


def repair_mojibake(value: dict[str, Any]) -> dict[str, Any]:
    changed: dict[str, Any] = change_texts(value, repair)
    return changed


_REPAIR = Mend("repair_mojibake", Texts("decode those characters rightly", "按正确的编码还原"), repair_mojibake)


def make(context: LintContext) -> Checks:
    return Checks(
        RowsWith("mojibake", "warning", _TEXTS, _look, _REPAIR),
        RowsWith("lost_in_gbk", "warning", _LOST, _look_lost),
    )
