"""The text of one JSON value becomes a row, or the finding that says what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

import orjson

from tunesmith.data.tables.json_mistakes import HALF_A_PAIR, TOO_DEEP, explain
from tunesmith.data.tables.problems import row_problem
from tunesmith.data.tables.row import MAX_DEPTH, MAX_ROW_BYTES, MAX_VALUES, Row, too_large
from tunesmith.findings import Finding

_BOM = b"\xef\xbb\xbf"
_NUL_ESCAPE = b"\\u0000"
# Up to here even a text of nothing but brackets is small in memory.
_SMALL_BYTES = 2**20
_STRING_OR_BRACKET = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)


def parse_row(line: int, text: bytes) -> Row | Finding:
    """The JSON value in `text`, or the finding that says why it is not JSON, or not text."""
    return parse_value(line, text, may_hold_nul=_NUL_ESCAPE in text)


def parse_value(line: int, text: bytes, *, may_hold_nul: bool) -> Row | Finding:
    """As `parse_row`, for callers that know of many rows at once whether \\u0000 is anywhere in them."""
    if len(text) > _SMALL_BYTES and (problem := _too_much(line, text)):
        return problem
    # no value nests deeper than there are brackets
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _is_too_deep(text):
        return too_deep(line)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return _problem(line, text, error)
    if may_hold_nul and _NUL_ESCAPE in text and _holds_nul(value):
        return row_problem(
            "nul_character",
            line,
            "NUL character (\\u0000) in a text; remove it",
            "文本中有 NUL 字符（\\u0000）；请删除",
        )
    return Row(line, value)


def _is_too_deep(text: bytes) -> bool:
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        mark = match.group()
        if mark in (b"[", b"{"):
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif mark in (b"]", b"}"):
            depth -= 1
    return False


def too_deep(line: int) -> Finding:
    """The finding for a row of brackets inside brackets."""
    return row_problem("too_deep", line, *TOO_DEEP)


def _too_much(line: int, text: bytes) -> Finding | None:
    limit_bytes = MAX_ROW_BYTES // _bytes_per_character(text)
    if len(text) > limit_bytes:
        return too_large(line, limit_bytes)
    if text.count(b",") + text.count(b"[") + text.count(b"{") > MAX_VALUES:
        return too_many_values(line)
    return None


def _bytes_per_character(text: bytes) -> int:
    """What Python takes for every character of a text, one emoji being enough for the whole."""
    if text.isascii() and b"\\u" not in text:
        return 1
    return 4 if b"\xf0" in text or b"\\ud" in text.lower() else 2


def too_many_values(line: int) -> Finding:
    """The finding for a row of a few characters each: small in the file, large in memory."""
    en = f"more than {MAX_VALUES} values in one row; an example needs only a few"
    return row_problem("too_many_values", line, en, f"一行中有超过 {MAX_VALUES} 个值；一条样本只需要几个")


def _holds_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_nul(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return any(_holds_nul(part) for part in value)
    return isinstance(value, str) and "\0" in value


def _problem(line: int, text: bytes, error: orjson.JSONDecodeError) -> Row | Finding:
    if text.startswith(_BOM):  # files with a BOM, joined one after another
        return parse_row(line, text[len(_BOM) :])
    if problem := not_utf8(line, text):
        return problem
    if b"\0" in text:
        return nul_byte(line)
    code, en, zh = explain(text, error)
    return row_problem(code, line, en, zh, column=error.colno)


def nul_byte(line: int) -> Finding:
    """The finding for a NUL byte in a line of text."""
    en = "NUL byte in the text; remove it, or save the file as UTF-8 and send it again if it was UTF-16"
    return row_problem("nul_byte", line, en, "文本中有 NUL 字节；请删除，如果原文件是 UTF-16，请另存为 UTF-8")


def not_utf8(line: int, text: bytes) -> Finding | None:
    """The finding for bytes that are no text, or None."""
    try:
        text.decode()
    except UnicodeDecodeError as error:
        if re.match(rb"\xed[\xa0-\xbf]", text[error.start : error.start + 2]):
            return row_problem("lone_surrogate", line, *HALF_A_PAIR)
        if error.reason == "unexpected end of data":
            return row_problem(
                "not_utf8",
                line,
                f"the text ends in the middle of a character (byte {error.start + 1} of the line); "
                "the file may have been cut off, copy it again",
                f"文本在一个字符中间断开（该行第 {error.start + 1} 字节）；文件可能被截断，请重新复制",
            )
        byte = text[error.start]
        return row_problem(
            "not_utf8",
            line,
            f"byte 0x{byte:02X} (byte {error.start + 1} of the line) is not UTF-8; write this line as UTF-8",
            f"字节 0x{byte:02X}（该行第 {error.start + 1} 字节）不是 UTF-8；请将这一行改为 UTF-8 编码",
            byte=byte,
        )
    return None
