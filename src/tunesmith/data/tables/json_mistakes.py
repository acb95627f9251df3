"""What is wrong with text that is not JSON: the commonest mistakes in plain words, in English and Chinese."""

from __future__ import annotations

import re

import orjson

from tunesmith.data.tables.row import MAX_DEPTH

HALF_A_PAIR = (
    "half of a surrogate pair (like \\ud83d alone) is not a character; write the whole pair",
    "代理对只有一半（例如单独的 \\ud83d），不是一个字符；请写出完整的一对",
)
TOO_DEEP = (
    f"nested more than {MAX_DEPTH} levels deep; an example needs only a few",
    f"嵌套超过 {MAX_DEPTH} 层；一条样本只需要几层",
)
_WIDE_PUNCTUATION = "“”‘’＂：，｛｝［］"


def explain(text: bytes, error: orjson.JSONDecodeError) -> tuple[str, str, str]:
    """(code, English, Chinese) for UTF-8 text that orjson refused with `error`."""
    if "depth limit" in error.msg:
        return "too_deep", *TOO_DEEP
    if match := re.search(rb"[:\[,]\s*(NaN|-?Infinity)\b", text):
        number = match.group(1).decode()
        en = f"{number} is not a JSON number; write null or a real number"
        return "not_a_number", en, f"{number} 不是 JSON 数字；请写 null 或实际数字"
    if "surrogate" in error.msg:
        return "lone_surrogate", *HALF_A_PAIR
    return _whole_line(text.strip()) or ("invalid_json", *_place(text.decode(), error))


def _whole_line(text: bytes) -> tuple[str, str, str] | None:
    """What is wrong with the line as a whole, where that says more than the place."""
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
        shown = _shown(text.decode())
        en = f"{shown} is not a whole JSON object; write every example on one line"
        return "object_over_lines", en, f"{shown} 不是完整的 JSON 对象；请将每条样本写在一行内"
    return None


def _place(text: str, error: orjson.JSONDecodeError) -> tuple[str, str]:
    shown = _shown(text, error.colno - 1)
    mark = text[error.pos : error.pos + 1]
    if mark and mark in _WIDE_PUNCTUATION:
        en = f"{mark} at column {error.colno} is not JSON's punctuation; write it in plain ASCII"
        return en, f"第 {error.colno} 列的 {mark} 不是 JSON 的标点；请改用英文半角标点"
    what, what_zh = _mistake(text, error)
    return (
        f"not valid JSON at column {error.colno}: {what} (found {shown})",
        f"第 {error.colno} 列不是有效的 JSON：{what_zh}（此处是 {shown}）",
    )


def _mistake(text: str, error: orjson.JSONDecodeError) -> tuple[str, str]:
    message = error.msg
    if "expected a string key" in message:
        return "a key must be in double quotes", "键必须用双引号括起来"
    if "expected ','" in message:
        if text[error.pos : error.pos + 1] == '"':
            return "a comma is missing before this", "前面缺少逗号"
        if text[: error.pos].rstrip().endswith('"'):
            return 'a double quote inside a text must be written \\"', '文本中的双引号必须写成 \\"'
    if "expected a JSON value" in message:
        if not text[: error.pos].strip():
            return "a row starts with {", "每条样本应以 { 开头"
        if word := re.match("True|False|None", text[error.pos :]):
            json_word = {"True": "true", "False": "false", "None": "null"}[word[0]]
            return f"{word[0]} is Python; JSON writes {json_word}", f"{word[0]} 是 Python 写法；JSON 应写 {json_word}"
        return "a text must be in double quotes", "文本必须用双引号括起来"
    for part, said in _MISTAKES.items():
        if part in message:
            return said
    return message, message


_MISTAKES = {
    "expected ':'": ("a colon is missing after the key", "键后面缺少冒号"),
    "trailing comma": ("a comma before the closing bracket; delete it", "结尾括号前多了逗号；请删除"),
    "control character": (
        "a line end, tab or control character inside a text must be written as \\n, \\t or \\u....",
        "文本中的换行、制表符或控制字符必须写成 \\n、\\t 或 \\u....",
    ),
    "escaped sequence": ("a backslash inside a text must be written \\\\", "文本中的反斜杠必须写成 \\\\"),
    "content after document": (
        "something follows the end of the value; write one object on each line",
        "一个值结束后还有内容；请每行只写一个对象",
    ),
    "end of data": ("the text ends too early; was it cut off?", "内容提前结束；是否被截断？"),
    "leading zero": ("a number must not start with 0", "数字不能以 0 开头"),
}


def _shown(text: str, start: int = 0, length: int = 24) -> str:
    shown = text[max(0, start - length // 2) :]
    return f'"{shown[:length]}{"..." if len(shown) > length else ""}"'
