"""Changing the words of a row as it lies in the file, whatever its format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Names, ids and machine-read values: a text fix must not touch them.
_NOT_WORDS = frozenset(
    {"role", "from", "type", "id", "name", "weight", "label", "tools", "functions", "tool_calls", "tool_call_id"}
    | {"function_call", "parallel_tool_calls", "tool_choice"}
)


def change_texts(value: Any, change: Callable[[str], str]) -> Any:
    """The row with every text changed, as a new object; the same object when no text changes."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        items = [change_texts(item, change) for item in value]
        same = all(new is old or new == old for new, old in zip(items, value, strict=True))
        return value if same else items
    if isinstance(value, dict):
        changed = {key: item if key in _NOT_WORDS else change_texts(item, change) for key, item in value.items()}
        return value if all(changed[key] is item or changed[key] == item for key, item in value.items()) else changed
    return value
