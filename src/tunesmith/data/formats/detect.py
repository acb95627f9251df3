"""Which dialect a row is written in."""

from __future__ import annotations

from typing import Any

from tunesmith.data.formats import FORMATS, FormatName
from tunesmith.data.formats.row_report import cut, nearest

# What people call these dialects, and the keys that make them.
DESCRIPTIONS: dict[FormatName, str] = {
    "chat": 'chat ("messages")',
    "prompt_completion": 'prompt/completion ("prompt", "completion")',
    "alpaca": 'Alpaca ("instruction", "output")',
}
_KEYS = ("messages", "prompt", "completion", "instruction", "output")


def detect(row: dict[str, Any]) -> FormatName | None:
    return next((name for name, dialect in FORMATS.items() if dialect.matches(row)), None)


def explain_unknown(row: dict[str, Any]) -> str:
    """What is wrong with the keys of a row that is in no dialect."""
    for key in row:
        if key not in _KEYS and (meant := nearest(key, _KEYS)):
            return f'key "{key}" is unknown; did you mean "{meant}"?'
    for key, partner in (("prompt", "completion"), ("completion", "prompt"), ("instruction", "output")):
        if key in row and partner not in row:
            return f'key "{partner}" is missing beside "{key}"'
    if "conversations" in row:
        return 'key "conversations" is the ShareGPT format; write "messages" with "role" and "content" instead'
    if "chosen" in row or "preferred_output" in row:
        return "this is a preference row, which supervised fine-tuning does not read"
    found = ", ".join(f'"{cut(key)}"' for key in list(row)[:8]) or "none"
    return f"found the keys {found}, expected {', '.join(DESCRIPTIONS.values())}"
