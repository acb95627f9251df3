"""The text of one JSON value becomes a row, or the finding that says what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

import orjson

from tunesmith.data.tables.problems import row_problem
from tunesmith.data.tables.row import MAX_DEPTH, MAX_ROW_BYTES, MAX_VALUES, Row, too_large
from tunesmith.findings import Finding

_BOM = b"\xef\xbb\xbf"
_NUL_ESCAPE = b"\\u0000"
# Up to here even a text of nothing but brackets is small in memory.
_SMALL_BYTES = 2**20
_WIDE_PUNCTUATION = "“”‘’＂：，｛｝［］"
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
    return row_problem(
        "too_deep",
        line,
        f"nested more than {MAX_DEPTH} levels deep; an example needs only a few",
        f"嵌套超过 {MAX_DEPTH} 层；一条样本只需要几层",
    )


def _too_much(line: int, text: bytes) -> Finding | None:
    if len(text) > MAX_ROW_BYTES:
        return too_large(line)
    if text.count(b",") + text.count(b"[") + text.count(b"{") > MAX_VALUES:
        return too_many_values(line)
    return None


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
    code, en, zh = _explain(text, error)
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
            return row_problem("lone_surrogate", line, *_HALF_A_PAIR)
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


_HALF_A_PAIR = (
    "half of a surrogate pair (like \\ud83d alone) is not a character; write the whole pair",
    "代理对只有一半（例如单独的 \\ud83d），不是一个字符；请写出完整的一对",
)


def _explain(whole: bytes, error: orjson.JSONDecodeError) -> tuple[str, str, str]:
    """(code, English, Chinese): the commonest mistakes by name, the others by place."""
    text = whole.strip()
    if match := re.search(rb"[:\[,]\s*(NaN|-?Infinity)\b", text):
        number = match.group(1).decode()
        en = f"{number} is not a JSON number; write null or a real number"
        return "not_a_number", en, f"{number} 不是 JSON 数字；请写 null 或实际数字"
    if "surrogate" in error.msg:
        return "lone_surrogate", *_HALF_A_PAIR
    if "depth limit" in error.msg:
        finding = too_deep(0)
        return finding.code, finding.message.partition(": ")[2], finding.message_zh.partition("：")[2]
    if text.startswith(b"{'"):
        en = "single quotes are not JSON (this looks like a Python dict); write double quotes"
        return "invalid_json", en, "JSON 不能用单引号（这像是 Python 字典）；请用双引号"
    if text.startswith(b'"{""'):
        en = "a JSON object quoted as a cell of a CSV file; export it as plain text, without the outer quotes"
        return "invalid_json", en, "JSON 对象被当作 CSV 单元格加了引号；请导出为纯文本，去掉外层引号"
    if text.startswith(b"[") and not text.endswith(b"]"):
        en = "the start of a JSON array; write every object of it on its own line"
        return "array", en, "这是 JSON 数组的开头；请将数组中的每个对象写成单独一行"
    if text.startswith(b"{") and text.endswith(b"},"):
        return "invalid_json", "a comma after the object; delete it", "对象后面多了逗号；请删除"
    if text.startswith(b"{") and not text.endswith(b"}"):
        shown = _shown(text)
        en = f"{shown} is not a whole JSON object; write every example on one line"
        return "object_over_lines", en, f"{shown} 不是完整的 JSON 对象；请将每条样本写在一行内"
    mark = whole.decode()[error.pos : error.pos + 1]  # orjson's position counts characters
    if mark and mark in _WIDE_PUNCTUATION:
        en = f"{mark} at column {error.colno} is not JSON's punctuation; write it in plain ASCII"
        return "invalid_json", en, f"第 {error.colno} 列的 {mark} 不是 JSON 的标点；请改用英文半角标点"
    shown = _shown(whole, error.colno - 1)
    en = f"not valid JSON at column {error.colno}: {error.msg} (found {shown})"
    return "invalid_json", en, f"第 {error.colno} 列不是有效的 JSON：{error.msg}（此处是 {shown}）"


def _shown(text: bytes, start: int = 0, length: int = 24) -> str:
    shown = text.decode(errors="replace")[max(0, start - length // 2) :]
    return f'"{shown[:length]}{"..." if len(shown) > length else ""}"'
