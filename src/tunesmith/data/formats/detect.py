"""Which dialect a row is written in."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from typing import Any

from tunesmith.data.examples import Example
from tunesmith.data.formats import FORMATS, FormatName
from tunesmith.data.formats.row_report import RowReport, cut, nearest

NAMES: dict[FormatName, tuple[str, str]] = {
    "chat": ("chat rows", "对话格式"),
    "prompt_completion": ("prompt/completion rows", "提示词/回答格式"),
    "alpaca": ("Alpaca rows", "Alpaca 格式"),
    "sharegpt": ("ShareGPT rows", "ShareGPT 格式"),
    "preference": ("preference pairs", "偏好对格式"),
    "reinforcement": ("prompts to be graded", "待评分格式"),
}
"""In English and Chinese."""

# What people call these dialects, and the keys that make them.
DESCRIPTIONS: dict[FormatName, str] = {
    "chat": 'chat ("messages")',
    "prompt_completion": 'prompt/completion ("prompt", "completion")',
    "alpaca": 'Alpaca ("instruction", "output")',
    "sharegpt": 'ShareGPT ("conversations")',
    "preference": 'preference pairs ("chosen", "rejected" or "preferred_output", "non_preferred_output")',
    "reinforcement": 'prompts to be graded ("messages" that end with the user)',
}
DESCRIPTIONS_ZH: dict[FormatName, str] = {
    "chat": "对话（“messages”）",
    "prompt_completion": "提示词/回答（“prompt”“completion”）",
    "alpaca": "Alpaca（“instruction”“output”）",
    "sharegpt": "ShareGPT（“conversations”）",
    "preference": "偏好对（“chosen”“rejected” 或 “preferred_output”“non_preferred_output”）",
    "reinforcement": "待评分的提示词（“messages” 以 user 结尾）",
}
OPENAI_FORMATS: tuple[FormatName, ...] = ("chat", "prompt_completion", "alpaca")
"""What a supervised job is told to expect, as before the others could be read."""

NOT_SUPERVISED = (
    "this is a preference row, which supervised fine-tuning does not read",
    "这是偏好数据，监督微调不读取",
)

_KEYS = ("messages", "prompt", "completion", "instruction", "output", "conversations", "chosen", "rejected")
_MOST_KEYS = 50  # that are compared with the known ones
# the pair first: beside one of its answers "prompt" needs no completion
_PARTNERS = (
    ("chosen", "rejected"),
    ("rejected", "chosen"),
    ("prompt", "completion"),
    ("completion", "prompt"),
    ("instruction", "output"),
)


def detect(row: dict[str, Any], formats: Collection[FormatName] = tuple(FORMATS)) -> FormatName | None:
    """The first format whose keys the row has; a conversation without its answer still counts as chat."""
    return next((name for name in FORMATS if name in formats and FORMATS[name].matches(row)), None)


def read_as(name: FormatName, row: dict[str, Any], report: RowReport) -> Example | None:
    """Read a row of a file in format `name`; a row in another dialect is an error of its own."""
    dialect = FORMATS[name]
    if not dialect.matches(row) and not (name == "reinforcement" and "messages" in row):
        found = detect(row)
        if found is None:
            en, zh = explain_unknown(row)
            report.error("unknown_format", en, zh)
            return None
        if found != name:
            en, zh = mixed(found, name)
            report.error("mixed_formats", en, zh)
            return None
    return dialect.read(row, report)


def mixed(found: FormatName, name: FormatName) -> tuple[str, str]:
    """What to say of a row in `found` in a file of `name`, in English and Chinese."""
    en = f"a row in {DESCRIPTIONS[found]} in a file of {DESCRIPTIONS[name]}; use one format per file"
    zh = f"这一行的格式是{DESCRIPTIONS_ZH[found]}，而文件的格式是{DESCRIPTIONS_ZH[name]}；一个文件请只用一种格式"
    return en, zh


def explain_unknown(row: dict[str, Any]) -> tuple[str, str]:
    """What is wrong with the keys of a row that is in no dialect, in English and Chinese."""
    if hint := likely_fault(row):
        return hint
    found = ", ".join(f'"{cut(key)}"' for key in islice(row, 8)) or "none"
    found_zh = "、".join(f"“{cut(key)}”" for key in islice(row, 8)) or "无"
    en = f"found the keys {found}, expected {', '.join(DESCRIPTIONS[name] for name in OPENAI_FORMATS)}"
    zh = f"现有的键：{found_zh}；应为{'、'.join(DESCRIPTIONS_ZH[name] for name in OPENAI_FORMATS)}之一"
    return en, zh


def likely_fault(row: dict[str, Any]) -> tuple[str, str] | None:
    """A typing error in a key, or a key that is missing beside another, in English and Chinese."""
    for key in islice(row, _MOST_KEYS):
        if key not in _KEYS and (meant := nearest(key, _KEYS)) and meant not in row:
            return (
                f'key "{cut(key)}" is unknown; did you mean "{meant}"?',
                f"未知的键 “{cut(key)}”；是否想写 “{meant}”？",
            )
    for key, partner in _PARTNERS:
        if key in row and partner not in row:
            return f'key "{partner}" is missing beside "{key}"', f"有 “{key}”，但缺少 “{partner}”"
    if "conversations" in row:
        en = 'key "conversations" is the ShareGPT format; write "messages" with "role" and "content" instead'
        return en, "“conversations” 是 ShareGPT 格式；请改写为带 “role” 和 “content” 的 “messages”"
    if "chosen" in row or "preferred_output" in row:
        return NOT_SUPERVISED
    return None
