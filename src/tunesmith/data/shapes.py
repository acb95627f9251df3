"""Values of a table's cells, or of rows in no known dialect, brought into the shape that a format's fields have."""

from __future__ import annotations

import json
from typing import Any

from tunesmith.data.formats.messages import ROLES
from tunesmith.data.formats.tool_calls import parse_json

# Fields that hold more than text; in a table they are JSON text.
NESTED = frozenset(
    {"messages", "conversations", "tools", "functions", "history"}
    | {"preferred_output", "non_preferred_output", "preferred_completion", "non_preferred_completion"}
)
# Text in one format and messages in another.
MAYBE_NESTED = frozenset({"chosen", "rejected", "input", "prompt"})
TEXTS = frozenset({"prompt", "completion", "instruction", "input", "output", "system", "chosen", "rejected"})
_FLAGS = {"true": True, "1": True, "yes": True, "是": True, "false": False, "0": False, "no": False, "否": False}
_ROLES = {
    "human": "user",
    "customer": "user",
    "client": "user",
    "用户": "user",
    "agent": "assistant",
    "bot": "assistant",
    "gpt": "assistant",
    "ai": "assistant",
    "model": "assistant",
    "助手": "assistant",
    "客服": "assistant",
    "api": "tool",
    "function": "tool",
    "observation": "tool",
    "系统": "system",
}


def as_text(value: Any) -> str:
    """Text as it is, nothing as empty text, everything else as JSON writes it."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, default=str)


def from_cell(field: str, value: Any, *, is_text: bool = False) -> Any:
    """A cell of a table under the name of a format's own field; `is_text` where a prompt is never messages."""
    if value == "" and field not in TEXTS:
        return None
    if field in NESTED:
        return _opened(value)
    if field in MAYBE_NESTED and not is_text:
        opened = _opened(value)
        return opened if _holds_messages(opened) else as_text(value)
    if field in ("label", "parallel_tool_calls"):
        return as_flag(value)
    return as_text(value) if field in TEXTS else value


def _opened(value: Any) -> Any:
    return parse_json(value) if isinstance(value, str) and value.lstrip()[:1] in ("[", "{") else value


def _holds_messages(value: Any) -> bool:
    """Whether a value is a message, a list of them, or an object with messages in it."""
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict) and not {"role", "from", "messages"}.isdisjoint(first)


def as_flag(value: Any) -> Any:
    """True or False for what a table writes instead; other values as they are."""
    if isinstance(value, str):
        return _FLAGS.get(value.strip().casefold(), value)
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    return value


def as_messages(value: Any) -> list[Any]:
    """The messages in a value: JSON text, one message, a list of them, a list of such lists, or plain text."""
    if isinstance(value, str):
        opened = _opened(value)
        if opened != [] and not _holds_messages(opened[0] if _is_nested(opened) else opened):
            return [value]
        value = opened
    if isinstance(value, dict):
        return [as_message(value)]
    if isinstance(value, list):
        return [
            message
            for part in value
            for message in (as_messages(part) if isinstance(part, list) else [as_message(part)])
        ]
    return []


def _is_nested(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def joined_messages(values: list[Any]) -> list[Any]:
    """The messages of several columns, one after the other; plain text is what the other side says next."""
    messages: list[Any] = []
    for value in values:
        for message in as_messages(value):
            if isinstance(message, str):
                before = messages[-1].get("role") if messages and isinstance(messages[-1], dict) else None
                message = {"role": "assistant" if before in ("user", "tool") else "user", "content": message}
            messages.append(message)
    return messages


def as_message(value: Any) -> Any:
    """One message with OpenAI's keys; what has no text keeps its other fields as JSON text, calls as tool calls."""
    if not isinstance(value, dict):
        return value
    role = value.get("role", value.get("from"))
    if role in ROLES and ("content" in value or "tool_calls" in value):
        return value
    role = _ROLES.get(role.casefold(), role) if isinstance(role, str) else role
    text = next((value[key] for key in ("content", "value", "text") if key in value), None)
    if text is not None:
        return {"role": role, "content": text}
    rest = {key: part for key, part in value.items() if key not in ("role", "from")}
    calls = rest.get("api")
    if role == "assistant" and isinstance(calls, dict) and all(calls) and all(map(_is_object, calls.values())):
        functions = [{"name": name, "arguments": as_text(given)} for name, given in calls.items()]
        return {"role": role, "tool_calls": [{"type": "function", "function": function} for function in functions]}
    return {"role": role, "content": json.dumps(rest.get("response", rest), ensure_ascii=False)}


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def as_tools(value: Any) -> Any:
    """Tool descriptions as OpenAI's rows hold them, from JSON text, one tool or a list of bare functions."""
    opened = parse_json(value) if isinstance(value, str) else value
    tools = [opened] if isinstance(opened, dict) else opened
    if not isinstance(tools, list):
        return opened
    return [
        {"type": "function", "function": tool} if isinstance(tool, dict) and "function" not in tool else tool
        for tool in tools
    ]
